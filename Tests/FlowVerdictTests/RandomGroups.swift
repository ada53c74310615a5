// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import FlowVerdict

/// Rules of all kinds, and flows that meet them often: few addresses, few ports.
struct RandomGroups {
    private var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    mutating func number(below limit: Int) -> Int { Int(generator.next() % UInt64(limit)) }

    private mutating func oneOf<Value>(_ values: [Value]) -> Value { values[number(below: values.count)] }

    private static let transports: [UInt8] = [
        TransportNumber.tcp, TransportNumber.udp, TransportNumber.icmp, TransportNumber.icmpv6, TransportNumber.sctp,
    ]
    private static let ports: [UInt16] = [0, 1, 22, 79, 80, 81, 443, 8000, 8080, 8999, 65_535]

    static func address(_ number: Int, _ version: IPVersion) -> IPAddress {
        switch version {
        case .v4: IPAddress(v4: 0x0a00_0000 | UInt32(number % 4) << 16 | UInt32(number))
        case .v6: IPAddress(v6High: 0x2001_0db8_0000_0000 | UInt64(number % 4), low: UInt64(number))
        }
    }

    mutating func group(_ name: String, rules count: Int) -> SecurityGroup {
        SecurityGroup(name: name, rules: (1...count).map { rule("\(name)/\($0)") })
    }

    private mutating func rule(_ name: String) -> SecurityGroupRule {
        var rule = SecurityGroupRule(
            name: name, direction: oneOf(Direction.allCases), version: oneOf([nil, .v4, .v6]),
            action: oneOf(PolicyAction.allCases), priority: number(below: 8))
        rule.transport = oneOf([nil] + Self.transports.map(\.self))
        if let transport = rule.transport { rule.ends = ends(transport) }
        rule.remote = remote(rule.version ?? oneOf([.v4, .v6]))
        return rule
    }

    private mutating func ends(_ transport: UInt8) -> SecurityGroupRule.Ends? {
        guard number(below: 4) > 0 else { return nil }
        guard TransportNumber.hasPorts(transport) else {
            return .icmp(type: UInt8(number(below: 3)), code: oneOf([nil, 0, 1]))
        }
        let (one, other) = (oneOf(Self.ports), oneOf(Self.ports))
        return .ports(min(one, other)...max(one, other))
    }

    private mutating func remote(_ version: IPVersion) -> SecurityGroupRule.Remote {
        switch number(below: 4) {
        case 0: .any
        case 1: .group("db")
        default:
            .prefix(
                AddressPrefix(
                    Self.address(number(below: 8), version), length: oneOf([0, 8, 16, 30, version.addressBits])))
        }
    }

    mutating func flow() -> FlowKey {
        let version = oneOf([IPVersion.v4, .v6])
        let transport = oneOf(Self.transports)
        let hasPorts = TransportNumber.hasPorts(transport)
        let isFragment = number(below: 20) == 0
        return FlowKey(
            port: PortNumber(1), direction: oneOf(Direction.allCases), transport: transport,
            source: Self.address(number(below: 8), version), destination: Self.address(number(below: 8), version),
            sourcePort: isFragment ? 0 : hasPorts ? oneOf(Self.ports) : UInt16(number(below: 3)),
            destinationPort: isFragment ? 0 : hasPorts ? oneOf(Self.ports) : UInt16(number(below: 2)),
            isFragmentWithoutFlow: isFragment)
    }
}
