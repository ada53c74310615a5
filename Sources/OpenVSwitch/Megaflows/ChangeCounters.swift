// SPDX-License-Identifier: Apache-2.0

/// How often a switch had to look at all its megaflows again, by why, as `coverage/show` counts it.
package struct ChangeCounters: Equatable, Sendable {
    private var counts: [String: UInt64] = [:]

    /// Counted whenever what a controller says may have come at the same moment as what the switch learnt, and hides behind it.
    private static let learnt = "rev_mac_learning"
    private static let messages = "ofproto_recv_openflow"

    package init() {}

    /// Takes a line of the answer: a name, rates, and `total: 5`.
    package mutating func take(_ line: String) {
        guard line.hasPrefix("rev_") || line.hasPrefix(Self.messages) else { return }
        let words = line.split(separator: " ")
        guard let name = words.first, words.count > 2, words[words.count - 2] == "total:",
            let total = words.last.flatMap({ UInt64($0) })
        else { return }
        counts[String(name)] = total
    }

    /// Whether flow tables, ports or anything else that megaflows are made from may have changed since.
    ///
    /// Addresses that the switch learns change to which port it sends, not whether.
    package func mayHaveChanged(since earlier: ChangeCounters) -> Bool {
        let grown = Set(counts.keys).union(earlier.counts.keys).filter { counts[$0] != earlier.counts[$0] }
        let reasons = grown.subtracting([Self.learnt, Self.messages])
        return !reasons.isEmpty || grown.isSuperset(of: [Self.learnt, Self.messages])
    }
}
