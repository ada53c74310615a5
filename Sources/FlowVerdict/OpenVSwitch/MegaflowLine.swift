// SPDX-License-Identifier: Apache-2.0

/// A line of `dpctl/dump-flows`, cut into what stays and what changes.
package struct MegaflowLine: Equatable, Sendable {
    /// Which packets it is for.
    package let match: Substring
    /// What stands behind `actions:`.
    package let actions: Substring
    /// How many packets have met it, without those that made it.
    package let packets: UInt64

    /// nil for a line that is no megaflow, or not a whole one.
    package init?(_ line: String) {
        guard let counters = line.range(of: ", packets:"),
            let actions = line[counters.upperBound...].range(of: "actions:")
        else { return nil }
        match = line[..<counters.lowerBound]
        guard let packets = UInt64(line[counters.upperBound...].prefix(while: \.isNumber)) else { return nil }
        self.packets = packets
        let rest = line[actions.upperBound...]
        self.actions = rest.range(of: ", dp-extra-info:").map { rest[..<$0.lowerBound] } ?? rest
        guard Self.isWhole(match), Self.isWhole(self.actions), !self.actions.isEmpty else { return nil }
    }

    /// Whether every parenthesis that is opened is closed.
    private static func isWhole(_ text: Substring) -> Bool {
        var depth = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
        }
        return depth == 0
    }
}

extension StringProtocol {
    /// Where the text first stands in this one.
    fileprivate func range(of text: String) -> Range<Index>? {
        let wanted = Array(text.utf8)
        let bytes = utf8
        var start = bytes.startIndex
        while let found = bytes[start...].firstIndex(of: wanted[0]) {
            if bytes[found...].starts(with: wanted) {
                return found..<bytes.index(found, offsetBy: wanted.count)
            }
            start = bytes.index(after: found)
        }
        return nil
    }
}
