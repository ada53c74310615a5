// SPDX-License-Identifier: Apache-2.0

/// A window in its segment, to be read in as many pieces as the memory asks for: the whole segment once for each.
package struct JournaledPieces: Sendable {
    private let segment: Segment
    private let hash = FlowHash()
    package let count: Int

    /// - Parameter mostFlows: that are to be in memory at a time.
    package init(_ segment: Segment, mostFlows: Int) {
        self.segment = segment
        count = mostFlows == .max ? 1 : max(1, (segment.mostFlows + mostFlows - 1) / mostFlows)
    }

    /// The window with the flows of one piece, and with the totals of all; nil where nothing of it can be read.
    package func read(_ index: Int) throws(JournalError) -> JournaledWindow? {
        JournaledWindow(try content(index))
    }

    /// All that was found in the segment, with the flows of one piece.
    package func content(_ index: Int) throws(JournalError) -> SegmentContent {
        try SegmentReader.read(segment, FlowPiece(index, of: count), hash: hash)
    }
}

extension Segment {
    /// No more flows have room in a file of its size.
    package var mostFlows: Int { Int(bytes) / (FlowWords.count * 8) }
}
