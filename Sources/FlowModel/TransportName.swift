// SPDX-License-Identifier: Apache-2.0

extension TransportNumber {
    /// Names of IANA's protocol registry for what is common on a VM's port.
    private static let names: [(number: UInt8, name: String)] = [
        (icmp, "icmp"), (2, "igmp"), (4, "ipip"), (tcp, "tcp"), (udp, "udp"), (dccp, "dccp"), (41, "ipv6"), (47, "gre"),
        (50, "esp"), (51, "ah"), (icmpv6, "icmpv6"), (89, "ospf"), (112, "vrrp"), (sctp, "sctp"), (udpLite, "udplite"),
    ]

    /// The name of what is common, the number of the rest.
    package static func name(of number: UInt8) -> String {
        names.first { $0.number == number }?.name ?? "\(number)"
    }

    /// Reads a name or a number; nil where it is neither.
    package static func number(of text: String) -> UInt8? {
        names.first { $0.name == text.lowercased() }?.number ?? UInt8(text)
    }

    /// Whether its packets carry ports at their beginning.
    package static func hasPorts(_ number: UInt8) -> Bool { [tcp, udp, dccp, sctp, udpLite].contains(number) }
}
