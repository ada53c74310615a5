// SPDX-License-Identifier: Apache-2.0

/// What a Linux host says of its network under /proc/net, in the two-line form of `snmp` and `netstat`, and of `dev`.
package struct HostCounters: Sendable {
    /// "Tcp.OutSegs", "IpExt.OutOctets" …
    private var values: [String: UInt64] = [:]
    /// "eth0" to its sixteen numbers: eight received, beginning with bytes and packets, then eight sent.
    private var interfaces: [String: [UInt64]] = [:]

    /// Reads them out of whatever text they are in.
    package init(_ text: String) {
        var names: [String: [Substring]] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ")
            guard let first = words.first, first.hasSuffix(":") else { continue }
            let group = String(first.dropLast())
            let numbers = words.dropFirst().compactMap { UInt64($0) }
            if numbers.count == 16, words.count == 17 {
                interfaces[group] = numbers
            } else if let labels = names[group], labels.count == words.count - 1 {
                for (label, value) in zip(labels, words.dropFirst()) { values["\(group).\(label)"] = UInt64(value) }
            } else {
                names[group] = Array(words.dropFirst())
            }
        }
    }

    package subscript(name: String) -> UInt64 { values[name] ?? 0 }

    package func received(_ interface: String) -> (octets: UInt64, frames: UInt64) {
        let numbers = interfaces[interface] ?? Array(repeating: 0, count: 16)
        return (numbers[0], numbers[1])
    }

    package func sent(_ interface: String) -> (octets: UInt64, frames: UInt64) {
        let numbers = interfaces[interface] ?? Array(repeating: 0, count: 16)
        return (numbers[8], numbers[9])
    }
}
