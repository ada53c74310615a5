// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import FlowVerdict

/// Rules and flows by chance, the same ones every time, in a world small enough that they meet.
struct RandomPolicy {
    private var generator: SplitMix64
    static let set: UInt16 = 3

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }

    private mutating func one<Value>(of values: [Value]) -> Value { values[below(values.count)] }

    private static let transports = [TransportNumber.tcp, TransportNumber.udp, TransportNumber.sctp]
    private static let ports: [UInt16] = [22, 53, 67, 68, 80, 443, 546, 547, 8080, 8081, 8095, 40_000, 40_001, 65_535]

    private mutating func address(_ version: IPVersion) -> IPAddress {
        let (net, host) = (UInt64(below(4)), UInt64(below(40)))
        return version == .v4
            ? IPAddress(v4: UInt32(0x0a00_0000 | net << 16 | net << 8 | host))
            : IPAddress(v6High: 0x2001_0db8_0000_0000 | net << 16, low: net << 32 | host)
    }
}

extension RandomPolicy {
    /// Rules of as many masks, and two at last that match everything.
    mutating func policy(rules: Int, masks: Int) -> KernelPolicy {
        var known: Set<PolicyKey> = []
        var all: [(mask: PolicyKey, version: IPVersion)] = []
        while all.count < masks {
            let version = one(of: [IPVersion.v4, .v6])
            let mask = mask(version)
            if known.insert(mask).inserted { all.append((mask, version)) }
        }
        let some = (0..<rules).map { _ in rule(all) }
        let last = [UInt8(0), PolicyKey.egress].enumerated().map { number, kind in
            PolicyRule(
                key: PolicyKey(words: (0, 0, 0, 0, 0, UInt64(Self.set) | UInt64(kind) << 24)),
                mask: PolicyKey(words: (0, 0, 0, 0, 0, 0xFFFF | UInt64(PolicyKey.egress) << 24)),
                priority: -1, action: kind == 0 ? .deny : .allow, number: UInt16(60_000 + number))
        }
        return KernelPolicy(rules: some + last)
    }

    private mutating func mask(_ version: IPVersion) -> PolicyKey {
        let source = prefix(version)
        let destination = prefix(version)
        let ports = one(of: [0, 0xFFFF, 0xF0FF, 0x00FF, 0xFFFF_0000, 0xF0FF_0000, 0xFFFF_FFFF] as [UInt64])
        let transport: UInt64 = ports != 0 || below(2) == 0 ? 0xFF << 16 : 0
        let kind = UInt64(PolicyKey.ipv6 | PolicyKey.egress) << 24
        return PolicyKey(
            words: (source.0, source.1, destination.0, destination.1, ports, 0xFFFF | transport | kind))
    }

    /// The ones of a prefix as an address has them in memory.
    private mutating func prefix(_ version: IPVersion) -> (UInt64, UInt64) {
        switch version {
        case .v4:
            let length = one(of: [0, 0, 8, 16, 24, 28, 32])
            return (UInt64((length == 0 ? 0 : UInt32.max << UInt32(32 - length)).bigEndian), 0)
        case .v6:
            let length = one(of: [0, 0, 32, 48, 64, 96, 124, 128])
            func word(_ ones: Int) -> UInt64 {
                ones <= 0 ? 0 : (ones >= 64 ? UInt64.max : UInt64.max << UInt64(64 - ones)).bigEndian
            }
            return (word(length), word(length - 64))
        }
    }

    private mutating func rule(_ masks: [(mask: PolicyKey, version: IPVersion)]) -> PolicyRule {
        let (mask, version) = one(of: masks)
        return PolicyRule(
            key: PolicyKey(flow(version), set: below(5) == 0 ? 4 : Self.set).masked(by: mask), mask: mask,
            priority: below(50), action: below(5) < 2 ? .allow : .deny, isStateful: below(4) != 0,
            number: UInt16(1 + below(50_000)))
    }
}

extension RandomPolicy {
    /// Flows, of which many answer one before, or are one before once more.
    mutating func flows(_ count: Int) -> [FlowKey] {
        var flows: [FlowKey] = []
        while flows.count < count {
            switch below(10) {
            case 0..<4 where !flows.isEmpty: flows.append(PolicyReference.reversed(flows[below(flows.count)]))
            case 4 where !flows.isEmpty: flows.append(flows[below(flows.count)])
            default: flows.append(flow(one(of: [.v4, .v6])))
            }
        }
        return flows
    }

    private mutating func flow(_ version: IPVersion) -> FlowKey {
        var flow = FlowKey(
            port: ProgramUnderTest.port, direction: one(of: Direction.allCases), vlanID: one(of: [0, 0, 0, 7]),
            transport: one(of: Self.transports), source: address(version), destination: address(version),
            sourcePort: one(of: Self.ports), destinationPort: one(of: Self.ports))
        switch below(20) {
        case 0, 1: makeICMP(&flow)
        case 2:
            flow.isFragmentWithoutFlow = true
            (flow.sourcePort, flow.destinationPort) = (0, 0)
        default: break
        }
        return flow
    }

    private mutating func makeICMP(_ flow: inout FlowKey) {
        let is4 = flow.version == .v4
        flow.transport = is4 ? TransportNumber.icmp : TransportNumber.icmpv6
        flow.sourcePort = is4 ? one(of: [0, 3, 8, 8, 13, 14]) : one(of: [1, 128, 128, 129, 130, 135, 137, 138, 143])
        flow.destinationPort = UInt16(below(2))
    }
}

extension FlowKey {
    /// A packet of the flow as it lies on the wire.
    var frame: [UInt8] {
        var layers: [Layer] = [.ethernet()]
        if vlanID != 0 { layers.append(.vlan(vlanID)) }
        switch version {
        case .v4:
            layers.append(
                .ipv4(
                    from: source, to: destination, fragmentOffset: isFragmentWithoutFlow ? 1480 : 0, protocol: transport
                ))
        case .v6:
            layers.append(.ipv6(from: source, to: destination, nextHeader: isFragmentWithoutFlow ? 44 : transport))
        }
        return Frame(layers + transportLayers).bytes
    }

    private var transportLayers: [Layer] {
        if isFragmentWithoutFlow {
            return version == .v4 ? [.payload(16)] : [.fragment(offset: 1480, next: transport), .payload(16)]
        }
        return switch transport {
        case TransportNumber.tcp: [.tcp(from: sourcePort, to: destinationPort)]
        case TransportNumber.udp: [.udp(from: sourcePort, to: destinationPort)]
        case TransportNumber.sctp: [.sctp(from: sourcePort, to: destinationPort), .payload(4)]
        case TransportNumber.icmp: [.icmp(type: UInt8(sourcePort), code: UInt8(destinationPort))]
        default: [.icmpv6(type: UInt8(sourcePort), code: UInt8(destinationPort))]
        }
    }
}
