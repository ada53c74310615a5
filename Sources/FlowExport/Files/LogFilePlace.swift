// SPDX-License-Identifier: Apache-2.0

import FlowModel
internal import SystemPackage

/// Whose records a file holds: AWS keeps accounts and regions apart.
struct LogOwner: Hashable {
    let account: String?
    let region: String?

    init(_ identity: PortIdentity) {
        account = identity.accountID
        region = identity.region
    }
}

/// The folder and the name of a log file, as AWS has them in S3. An unknown account is `unknown`, an unknown region
/// `local`.
///
/// Source: Amazon VPC user guide, "Publish flow logs to Amazon S3", flow log files.
struct LogFilePlace: Equatable {
    let folder: FilePath
    let name: String

    var path: FilePath { folder.appending(name) }

    init(_ owner: LogOwner, period: UnixTime, hash: UInt32, configuration: LogFileConfiguration) {
        let account = Self.component(owner.account ?? "unknown")
        let region = Self.component(owner.region ?? "local")
        let time = CivilTime(period)
        let names =
            switch configuration.layout {
            case .plain: Self.plainFolders(account, region, time, isHourly: configuration.isHourly)
            case .hive: Self.hiveFolders(account, region, time, isHourly: configuration.isHourly)
            }
        folder = names.reduce(configuration.directory.appending("AWSLogs")) { $0.appending($1) }
        let date = "\(time.year.padded(to: 4))\(time.month.padded(to: 2))\(time.day.padded(to: 2))"
        let clock = "\(time.hour.padded(to: 2))\(time.minute.padded(to: 2))"
        let hex = String(hash, radix: 16)
        let digits = String(repeating: "0", count: 8 - hex.count) + hex
        let log = Self.component(configuration.flowLogID)
        name = "\(account)_vpcflowlogs_\(region)_\(log)_\(date)T\(clock)Z_\(digits).\(configuration.fileExtension)"
    }

    private static func plainFolders(
        _ account: String, _ region: String, _ time: CivilTime, isHourly: Bool
    ) -> [String] {
        let day = [time.year.padded(to: 4), time.month.padded(to: 2), time.day.padded(to: 2)]
        return [account, "vpcflowlogs", region] + day + (isHourly ? [time.hour.padded(to: 2)] : [])
    }

    private static func hiveFolders(
        _ account: String, _ region: String, _ time: CivilTime, isHourly: Bool
    ) -> [String] {
        [
            "aws-account-id=\(account)", "aws-service=vpcflowlogs", "aws-region=\(region)",
            "year=\(time.year.padded(to: 4))", "month=\(time.month.padded(to: 2))", "day=\(time.day.padded(to: 2))",
        ] + (isHourly ? ["hour=\(time.hour.padded(to: 2))"] : [])
    }

    /// An operator's name as one harmless component of a path: all but ASCII letters, digits, `-`, `.` and `_` becomes
    /// `_`, and so do leading dots.
    private static func component(_ name: String) -> String {
        var isLeading = true
        let characters = name.unicodeScalars.map { scalar -> Character in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            if scalar != "." || !isLeading { isLeading = false }
            return isPlain || scalar == "-" || (scalar == "." && !isLeading) ? Character(scalar) : "_"
        }
        return characters.isEmpty ? "_" : String(characters)
    }
}

extension Int64 {
    fileprivate func padded(to width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
