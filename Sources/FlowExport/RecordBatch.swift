// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Formatted lines of one owner and one publish period, which are written or given up together.
struct RecordBatch {
    let stream: LogStream
    /// Start of the publish period.
    let period: UnixTime
    /// Start of the window that the lines are of.
    let window: UnixTime
    let bytes: [UInt8]
    let tally: RecordTally
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
    /// The lines that were formatted and are in no batch yet.
    var bytes: [UInt8] = []
    var tally = RecordTally()

    init(_ owner: LogOwner) { self.owner = owner }
}
