// SPDX-License-Identifier: Apache-2.0

package import FlowFormats
import FlowStore

/// One sink, as the configuration has it.
package struct SinkSettings: Codable, Equatable, Sendable {
    package enum Kind: String, CaseIterable, Codable, Sendable {
        case files, stdout, redis, sflow
    }

    package enum Format: String, CaseIterable, Codable, Sendable {
        case aws, json, csv, parquet
    }

    /// What holds for the ports whose names a pattern matches.
    package struct PortRule: Codable, Equatable, Sendable {
        package var pattern: String
        package var log: LogFilter

        package init(pattern: String, log: LogFilter) {
            self.pattern = pattern
            self.log = log
        }
    }

    package var name: String
    package var kind: Kind
    /// The directory of files.
    package var directory = ""
    /// Where sFlow collectors are, as `CollectorAddress` has it.
    package var collectors: [String] = []
    /// The address by which collectors tell agents apart; nil is that of the socket.
    package var agent: String?
    /// How often collectors get counters.
    package var statePeriodSeconds = 20.0
    /// Which packets collectors get samples of.
    package var sampling = SamplingSettings()
    package var format = Format.aws
    /// The fields of AWS lines, or the columns of Parquet files, separated by spaces; nil is AWS's default format, or all columns.
    package var fields: String?
    /// In the filter language; nil takes all.
    package var filter: String?
    package var log = LogFilter.all
    package var ports: [PortRule] = []
    package var layout = LogFileConfiguration.Layout.plain
    package var isHourly = false
    package var publishPeriodSeconds = 300.0
    package var fileSize: Int64 = 75_000_000
    package var flowLogID = ""
    /// Of the kind `redis`.
    package var redis: RedisSettings?
    /// The number of the window after which a sink begins that has no cursor yet.
    package var start: UInt64 = 0

    package init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

extension SinkSettings {
    /// Whether it gets records, and has a cursor.
    package var takesRecords: Bool { kind != .sflow && redis?.takesRecords ?? true }
    /// Whether it gets the state of the host and its machines.
    package var takesState: Bool { kind == .sflow || redis != nil }

    /// The encoder of lines; nil where the format has none.
    ///
    /// - Throws: FieldListError.
    package func recordFormat() throws -> (any RecordFormat)? {
        switch format {
        case .json: JSONLinesFormat()
        case .aws: try fields.map { try AWSTextFormat(fieldList: $0) } ?? .default
        case .csv: CSVFormat()
        case .parquet: nil
        }
    }

    /// What files hold.
    ///
    /// - Throws: FieldListError, ParquetFieldError.
    package func content() throws -> LogFileContent {
        if let format = try recordFormat() { return .lines(format) }
        return .parquet(try fields.map { try ParquetFields.columns(from: $0) } ?? ParquetFields.all)
    }

    /// How the names of files end.
    package var fileExtension: String {
        switch format {
        case .aws: "log.gz"
        case .json, .csv: "\(format.rawValue).gz"
        case .parquet: "log.parquet"
        }
    }

    /// Whether its records say where they were seen, if that is not where they are logged.
    package var marksStandIns: Bool {
        switch format {
        case .aws: return false
        case .json, .csv: return true
        case .parquet:
            guard let fields, let columns = try? ParquetFields.columns(from: fields) else { return true }
            return columns.contains(ChosenColumn(.observedAt))
        }
    }
}
