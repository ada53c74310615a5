// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel

/// Formatted lines of one owner and one publish period, which are written or given up together.
struct RecordBatch {
    let stream: LogStream
    /// Start of the publish period.
    let period: UnixTime
    /// Start of the window that the lines are of.
    let window: UnixTime
    var bytes: [UInt8]
    var tally = RecordTally()

    mutating func append(_ entry: LogEntry, as format: any RecordFormat) {
        format.append(entry, to: &bytes)
        tally.records += 1
        tally.count += entry.count
    }
}

/// Lines, and the packets that they tell of.
struct RecordTally: Equatable {
    var records: UInt64 = 0
    var count = PacketCount.zero
}

/// The files of one owner, one after the other. A class, since batches refer to it; used by its sink alone.
final class LogStream {
    let owner: LogOwner
    var file: LogFile?
    /// The lines that are being formatted.
    var forming: RecordBatch?

    init(_ owner: LogOwner) { self.owner = owner }
}
