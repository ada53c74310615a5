// SPDX-License-Identifier: Apache-2.0

import FlowExport
package import FlowFormats
import FlowMeter
import FlowModel
import FlowStore
import SystemPackage
package import WeirConfiguration

// What the sinks are made from, and how a window is named in them.

extension Segment {
    /// What names the window in the store.
    var identity: WindowIdentity { WindowIdentity(sequence: sequence, nonce: nonce) }
}

extension Window {
    /// What the store's file says of itself.
    var metadata: [(name: String, value: String)] {
        [("weir.window_start", "\(start.seconds)"), ("weir.window_end", "\(endSecond)")]
    }
}

extension Configuration {
    var storeRetention: StoreRetention { StoreRetention(age: storeAge, bytes: Int64(storeSize)) }

    /// The encoder of records.
    package func recordFormat() throws -> any RecordFormat {
        switch format {
        case .json: JSONLinesFormat()
        case .aws: try fields.map { try AWSTextFormat(fieldList: $0) } ?? .default
        }
    }

    func logFiles(_ recordFormat: any RecordFormat, _ state: StateDirectory) -> LogFileConfiguration? {
        guard let logDirectory else { return nil }
        var files = LogFileConfiguration(
            directory: FilePath(logDirectory), stateDirectory: state.path, stateID: state.id, format: recordFormat,
            fileExtension: format == .aws ? "log.gz" : "json.gz", flowLogID: flowLogID)
        files.layout = layout
        files.isHourly = hourly
        files.publishPeriod = publishPeriod
        files.windowLength = interval
        files.sizeLimit = Int64(fileSize)
        return files
    }
}
