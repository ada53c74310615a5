// SPDX-License-Identifier: Apache-2.0

/// What Ethernet types are called in a policy (IANA, "IEEE 802 Numbers").
package enum EtherTypeName {
    package static let all: [(name: String, type: UInt16)] = [
        ("lldp", 0x88CC), ("llc", 1), ("eapol", 0x888E), ("lacp", 0x8809), ("rarp", 0x8035),
        ("pppoe-discovery", 0x8863),
        ("pppoe-session", 0x8864), ("mpls", 0x8847), ("ptp", 0x88F7),
    ]

    /// The type of a name, or of a number from 0x0600 on; nil where the text is neither, or names one that is judged by rules
    /// (IPv4, IPv6), always passes (ARP) or is a tag (802.1Q, 802.1ad).
    package static func type(of text: String) -> UInt16? {
        if let named = all.first(where: { $0.name == text.lowercased() }) { return named.type }
        guard text.hasPrefix("0x"), let number = UInt16(text.dropFirst(2), radix: 16), number >= 0x0600,
            ![0x0800, 0x86DD, 0x0806, 0x8100, 0x88A8].contains(number)
        else { return nil }
        return number
    }
}
