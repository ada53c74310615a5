// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import FlowVerdict
import Testing

/// Frames that are in no flow, on a port with a policy: what cannot be read does not pass, and each is counted by its reason.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct UnparsedSuite {
    /// A frame, and why it is in no flow; nil: it passes although it is not IP.
    private struct Case {
        let frame: FrameCase
        let reason: UnparsedReason?

        init(_ reason: UnparsedReason?, _ name: String, _ layers: Layer...) { self.init(reason, name, layers) }

        init(_ reason: UnparsedReason?, _ name: String, _ layers: [Layer]) {
            frame = FrameCase(name, layers)
            self.reason = reason
        }

        init(_ reason: UnparsedReason?, _ name: String, cut length: Int, _ layers: Layer...) {
            frame = FrameCase(name, Array(Frame(layers).bytes.prefix(length)))
            self.reason = reason
        }
    }

    private static func chain(_ count: Int) -> [Layer] {
        [.ethernet(), .ipv6()] + Array(repeating: .destinationOptions(), count: count) + [.udp(from: 9, to: 53)]
    }

    private static let cases: [Case] = [
        Case(nil, "ARP request", .ethernet(to: "ff:ff:ff:ff:ff:ff"), .arp(from: "10.0.0.1", to: "10.0.0.2")),
        Case(nil, "ARP in a VLAN", .ethernet(), .vlan(7), .arp(from: "10.0.0.1", to: "10.0.0.2")),
        Case(nil, "LLDP, which the policy names", .ethernet(type: EtherType.lldp), .payload(40)),
        Case(nil, "a frame with a length, which the policy names", .ethernet(type: 38), .payload(38)),
        Case(.notIP, "ARP of no address", .ethernet(type: EtherType.arp), .payload(28)),
        Case(.notIP, "ARP that is cut", cut: 41, .ethernet(), .arp(from: "10.0.0.1", to: "10.0.0.2")),
        Case(.notIP, "MPLS", .ethernet(type: EtherType.mpls), .payload([0, 0x10, 1, 64]), .ipv4()),
        Case(.notIP, "PPPoE", .ethernet(type: EtherType.pppoeSession), .payload(28)),
        Case(.notIP, "an old QinQ type", .ethernet(type: 0x9100), .vlan(5), .ipv4(), .udp(from: 1, to: 53)),
        Case(.notIP, "a type for experiments", .ethernet(type: EtherType.experimental), .payload(46)),
        Case(.malformed, "IPv4 of version 5", .ethernet(), .ipv4(version: 5), .udp(from: 1, to: 53)),
        Case(.malformed, "UDP that is longer than its packet", .ethernet(), .ipv4(), .udp(from: 1, to: 53, length: 9)),
        Case(.malformed, "UDP of seven bytes", .ethernet(), .ipv6(), .udp(from: 1, to: 53, length: 7)),
        Case(
            .malformed, "TCP without room for its options", .ethernet(), .ipv4(), .tcp(from: 1, to: 53, dataOffset: 8)),
        Case(
            .malformed, "a first fragment without ports", .ethernet(), .ipv6(), .fragment(more: true, id: 1, next: 17)),
        Case(
            .malformed, "an extension that is longer than its packet", .ethernet(), .ipv6(),
            .hopByHop(lengthField: 200),
            .udp(from: 1, to: 53)),
        Case(
            .truncated, "IPv4 that says more than there is", .ethernet(), .ipv4(totalLength: 900), .udp(from: 1, to: 53)
        ),
        Case(.truncated, "IPv6 that is cut", cut: 60, .ethernet(), .ipv6(), .udp(from: 1, to: 53), .payload(20)),
        Case(
            .beyondLimits, "four tags", .ethernet(), .vlan(0), .vlan(0), .vlan(0), .vlan(0), .ipv4(),
            .udp(from: 1, to: 53)),
        Case(
            .beyondLimits, "four tags of both kinds", .ethernet(), .serviceVLAN(1), .vlan(2), .vlan(3), .vlan(4),
            .ipv6(),
            .udp(from: 1, to: 53)),
    ]

    /// All flows are allowed; what is in none is not.
    private static let policy = KernelPolicy(
        rules: [IPVersion.v4, .v6].flatMap { version in
            Direction.allCases.map { PolicyRule.plain(.allow, $0, number: 1, version) }
        }, etherTypes: [EtherType.lldp, 1])

    private static let chains = [9, 20, 100].map { Case(.beyondLimits, "\($0) extension headers", chain($0)) }

    @Test(arguments: ProgramKind.ofNetworkHooks.filter { $0 != .tcToPort }, FlowEngine.allCases)
    func `what cannot be read passes only where it is not enforced`(_ kind: ProgramKind, _ engine: FlowEngine) throws {
        var port = try JudgedPort(kind, engine)
        for mode in [PolicyMode.enforce, .audit] {
            try port.load(Self.policy, PortPolicy(set: 1, mode: mode))
            for direction in Direction.allCases {
                for test in Self.cases + Self.chains { try check(&port, test, direction, mode, kind) }
            }
        }
        // Eight extension headers are read, and what is behind them is judged.
        try port.load(Self.policy, PortPolicy(set: 1, mode: .enforce))
        #expect(try port.passes(Frame(Self.chain(8)).bytes, .egress))
        let ended = try port.takeWindow()
        #expect(ended.flows.values.map(\.count.packets) == [1] && ended.samples.isEmpty)
    }

    private func check(
        _ port: inout JudgedPort, _ test: Case, _ direction: Direction, _ mode: PolicyMode, _ kind: ProgramKind
    ) throws {
        let bytes = test.frame.bytes
        guard !FrameSuite.isRefused(bytes, by: direction == .egress ? kind : .tcToPort) else { return }
        let comment: Comment = "\(test.frame.name), \(direction), \(mode)"
        let isRefused = test.reason != nil && mode == .enforce
        for _ in 0..<3 { #expect(try port.passes(bytes, direction) != isRefused, comment) }
        let ended = try port.takeWindow()
        #expect(ended.flows.isEmpty, comment)
        let side = PortSide(port: JudgedPort.port, direction: direction)
        let totals = try #require(ended.totals[side])
        let count = PacketCount(packets: 3, octets: 3 * ReferenceParser.classify(bytes).count.octets)
        guard let reason = test.reason else {
            #expect(totals.notIP == count && totals.audited.sum.isZero && totals.refused.sum.isZero, comment)
            #expect(ended.samples.isEmpty, comment)
            return
        }
        #expect(totals.unparsed[reason] == count && totals.unparsed.sum == count, comment)
        #expect((isRefused ? totals.refused : totals.audited)[reason] == count, comment)
        #expect((isRefused ? totals.audited : totals.refused).sum.isZero, comment)
        // One frame is kept, as it was on the wire.
        let sample = FrameSample(length: UInt32(bytes.count), bytes: Array(bytes.prefix(128)))
        #expect(ended.samples == [side: [reason: sample]], comment)
    }

    /// Without a policy nothing is refused, and what is not IP is of no interest.
    @Test(arguments: FlowEngine.allCases)
    func `a port without a policy keeps samples of what cannot be read alone`(_ engine: FlowEngine) throws {
        var port = try JudgedPort(.tcFromPort, engine)
        for test in Self.cases where test.reason != .beyondLimits {
            #expect(try port.passes(test.frame.bytes, .egress))
            let ended = try port.takeWindow()
            let isKept = test.reason != nil && test.reason != .notIP
            #expect(ended.samples.isEmpty != isKept, "\(test.frame.name)")
            let side = PortSide(port: JudgedPort.port, direction: .egress)
            #expect(ended.totals[side]?.refused.sum.isZero == true && ended.totals[side]?.audited.sum.isZero == true)
        }
    }
}
