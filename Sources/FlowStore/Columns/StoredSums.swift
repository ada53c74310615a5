// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// What the rows of a file add up to, in its metadata: an auditor can add a store up without reading its rows.
package struct StoredSums: Sendable {
    /// Names of the metadata whose values are numbers that add up when files are merged.
    static let prefix = "weir.sum."

    private var sums: [String: UInt64] = [:]

    package init() {}

    mutating func add(_ rows: borrowing SortedRows) {
        var (accepted, rejected, other, overflow) = (
            PacketCount.zero, PacketCount.zero, PacketCount.zero, PacketCount.zero
        )
        var flows: UInt64 = 0
        let (words, packets, octets) = (rows.words.span, rows.packets.span, rows.octets.span)
        for row in words.indices {
            if words[row].isFlow { flows += 1 }
            if packets[row] == ColumnContent.noNumber {
                let place = rows.restPlace[row]
                if place != ColumnContent.noText, let count = rows.rest[Int(place)].overflow { overflow += count }
                continue
            }
            let count = PacketCount(packets: UInt64(packets[row]), octets: UInt64(octets[row]))
            switch words[row].action {
            case Verdict.Action.accept.rawValue: accepted += count
            case Verdict.Action.reject.rawValue: rejected += count
            default: other += count
            }
        }
        add("rows", UInt64(rows.count))
        add("flows", flows)
        for (name, count) in [("accepted", accepted), ("rejected", rejected), ("other", other), ("overflow", overflow)]
        {
            add("\(name)_packets", count.packets)
            add("\(name)_bytes", count.octets)
        }
    }

    package mutating func add(_ other: StoredSums) { sums.merge(other.sums, uniquingKeysWith: &+) }

    private mutating func add(_ name: String, _ number: UInt64) { sums[Self.prefix + name, default: 0] &+= number }

    package var metadata: [(name: String, value: String)] {
        sums.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    }

    /// The sums that all files have.
    static func added(_ files: [[String: String]]) -> [(name: String, value: String)] {
        let names = files.first?.keys.filter { $0.hasPrefix(prefix) }.sorted() ?? []
        return names.compactMap { name in
            var sum: UInt64 = 0
            for file in files {
                guard let number = file[name].flatMap({ UInt64($0) }) else { return nil }
                sum &+= number
            }
            return (name, "\(sum)")
        }
    }
}
