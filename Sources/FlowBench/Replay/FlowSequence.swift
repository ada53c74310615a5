// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
package import Host

/// Owns the numbers of the flows that replayed packets belong to, in memory that the replaying programs read.
///
/// Several `FrameReplay`s share one. To be filled only while none of them runs.
package struct FlowSequence: ~Copyable {
    static let mapName = "replay_ids"
    /// Numbers in a value of the map: one cache line.
    private static let numbersInLine = 16
    /// Beyond this the source addresses (64 flows each) would leave 10.0.0.0/8.
    package static let flowLimit = 1 << 30

    let map: BPFMap
    private let ids: MappedArray<UInt32>
    package private(set) var length = 0

    /// Makes room for that many packets, four bytes each.
    package init(room: Int) throws(KernelError) {
        let object = try BenchProgram.replay.open(for: .tc)
        let lines = (room + Self.numbersInLine - 1) / Self.numbersInLine
        try object.setMaxEntries(lines, ofMap: Self.mapName)
        try object.load()
        let map = try object.map(named: Self.mapName)
        ids = try MappedArray(of: map, rights: .readWrite)
        self.map = map
    }

    package var room: Int { ids.count }

    /// Writes the numbers of the flows, each below `flowLimit`, in the order of their packets.
    package mutating func fill(_ flows: [UInt32]) {
        precondition(!flows.isEmpty && flows.count <= room)
        ids.withMutableSpan { span in
            for index in flows.indices { span[index] = flows[index] }
        }
        length = flows.count
    }
}
