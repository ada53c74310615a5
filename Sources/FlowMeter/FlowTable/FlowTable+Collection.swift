// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Flows and their counters, in no particular order; the positions are those of the merging.
extension FlowTable: RandomAccessCollection {
    package typealias Element = (key: FlowKey, value: FlowCounters)

    package var startIndex: Int { 0 }
    package var endIndex: Int { flows.count }

    package subscript(position: Int) -> Element { (flows[position].key, flows[position].counters) }

    package var keys: LazyMapCollection<FlowTable, FlowKey> { lazy.map(\.key) }
    package var values: LazyMapCollection<FlowTable, FlowCounters> { lazy.map(\.value) }

    /// The records as they lie in memory: the fastest way through them.
    package var records: [CountedFlow] { flows }
}

extension FlowTable: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral flows: (FlowKey, FlowCounters)...) {
        self.init()
        for (key, counters) in flows { merge(key, counters) }
    }
}

extension FlowTable {
    static func sumIndex(_ key: FlowKey) -> Int { Int(key.port.rawValue) << 1 | Int(key.direction.bit) }

    /// What the flows of each port and direction add up to; no entry where there are none.
    package var recorded: [PortSide: PacketCount] { Self.recorded(sums) }

    static func recorded(_ sums: [PacketCount]) -> [PortSide: PacketCount] {
        var recorded: [PortSide: PacketCount] = [:]
        for (index, sum) in sums.enumerated() where !sum.isZero {
            let direction: Direction = index & 1 == 0 ? .ingress : .egress
            recorded[PortSide(port: PortNumber(UInt16(index >> 1)), direction: direction)] = sum
        }
        return recorded
    }
}
