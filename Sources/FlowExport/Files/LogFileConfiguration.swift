// SPDX-License-Identifier: Apache-2.0

package import FlowFormats
import FlowModel
package import FlowStore
package import SystemPackage

/// What log files hold.
package enum LogFileContent: Sendable {
    /// Lines, in members of a gzip file.
    case lines(any RecordFormat)
    /// A Parquet file with these columns.
    case parquet([ChosenColumn])
}

/// Where log files go, in which form, and how much they may hold.
package struct LogFileConfiguration: Sendable {
    /// How folders are named below `AWSLogs`, after AWS's publishing to S3.
    package enum Layout: String, Codable, Sendable, CaseIterable {
        /// `AWSLogs/ACCOUNT/vpcflowlogs/REGION/YYYY/MM/DD/`
        case plain = "default"
        /// `AWSLogs/aws-account-id=ACCOUNT/aws-service=vpcflowlogs/aws-region=REGION/year=YYYY/month=MM/day=DD/`
        case hive
    }

    /// Holds `AWSLogs`; made where it is missing.
    package var directory: FilePath
    /// Holds the commit: what is decided to be published.
    package var stateDirectory: FilePath
    /// Tells the files of this state directory from those of others that write to the same place.
    package var stateID: String
    package var content: LogFileContent
    /// What follows the hash in a file's name: `log.gz` for AWS text, `log.parquet` for Parquet, `json.gz` for JSON lines.
    package var fileExtension: String
    /// AWS's name for the flow log, for example `fl-1234abcd`; part of each file's name.
    package var flowLogID: String
    package var layout = Layout.plain
    /// Whether there is a folder for each hour below that for the day.
    package var isHourly = false
    package var publishPeriod: Duration = .seconds(300)
    package var windowLength: Duration = .seconds(60)
    /// A file that would grow beyond this many bytes, compressed, is published early (AWS: 75 MB).
    package var sizeLimit: Int64 = 75_000_000

    package init(
        directory: FilePath, stateDirectory: FilePath, stateID: String, content: LogFileContent,
        fileExtension: String = "log.gz", flowLogID: String
    ) {
        self.directory = directory
        self.stateDirectory = stateDirectory
        self.stateID = stateID
        self.content = content
        self.fileExtension = fileExtension
        self.flowLogID = flowLogID
    }

    /// Where files grow: on the file system of their final places, out of the way of readers.
    var staging: FilePath { directory.appending(".weir-\(stateID)") }

    /// What a file covers: the publish period, or the window where that is longer, since no window is split.
    package var effectivePeriod: Duration { max(publishPeriod, windowLength) }
}
