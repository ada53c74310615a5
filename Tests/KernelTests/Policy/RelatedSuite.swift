// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import FlowVerdict
import Testing

/// ICMP errors: those that report a packet of an allowed connection pass, others are for the rules.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct RelatedSuite {
    private static let enforced = PortPolicy(set: 1, mode: .enforce)
    private static let policy = KernelPolicy(
        rules: [IPVersion.v4, .v6].flatMap { version in
            [
                .plain(.allow, .egress, number: 1, version, transport: TransportNumber.udp, to: 53, priority: 1),
                .plain(
                    .allow, .egress, number: 4, version,
                    transport: version == .v4 ? TransportNumber.icmp : TransportNumber.icmpv6, priority: 1),
                .plain(.deny, .egress, number: 2, version), .plain(.deny, .ingress, number: 3, version),
            ]
        })

    private static func addresses(_ version: IPVersion) -> (machine: IPAddress, peer: IPAddress, router: IPAddress) {
        version == .v4 ? ("10.0.0.1", "10.0.0.2", "10.0.0.254") : ("fd00::1", "fd00::2", "fd00::254")
    }

    private static func call(_ version: IPVersion, to port: UInt16 = 53) -> FlowKey {
        let ends = addresses(version)
        return FlowKey(
            port: JudgedPort.port, direction: .egress, transport: TransportNumber.udp, source: ends.machine,
            destination: ends.peer, sourcePort: 5000, destinationPort: port)
    }

    /// What a router says of a packet, as it was sent: its IP header and the first bytes behind it.
    private static func error(_ type: UInt8, about flow: FlowKey, to receiver: IPAddress? = nil) -> [UInt8] {
        let router = addresses(flow.version).router
        let reported = Array(flow.frame.dropFirst(14).prefix(flow.version == .v4 ? 28 : 200))
        let layers: [Layer] =
            flow.version == .v4
            ? [.ipv4(from: router, to: receiver ?? flow.source), .icmp(type: type, code: 1), .payload(reported)]
            : [.ipv6(from: router, to: receiver ?? flow.source), .icmpv6(type: type, code: 1), .payload(reported)]
        return Frame([.ethernet()] + layers).bytes
    }

    private static let errors: [IPVersion: [UInt8]] = [.v4: [3, 11, 12], .v6: [1, 2, 3, 4]]

    @Test(arguments: [ProgramKind.tcFromPort, .xdpFromPort, .xskFromPort], FlowEngine.allCases)
    func `an error about an allowed connection passes and one about anything else does not`(
        _ kind: ProgramKind, _ engine: FlowEngine
    ) throws {
        for version in [IPVersion.v4, .v6] {
            var port = try JudgedPort(kind, engine)
            try port.load(Self.policy, Self.enforced)
            let (call, other) = (Self.call(version), Self.call(version, to: 7777))
            for type in Self.errors[version] ?? [] {
                #expect(try !port.passes(Self.error(type, about: call), .ingress), "nothing was sent yet")
            }
            #expect(try port.passes(call) && !port.passes(other))
            for type in Self.errors[version] ?? [] {
                // In turn, in one window: the one is not taken for the other.
                for _ in 0..<2 {
                    #expect(try port.passes(Self.error(type, about: call), .ingress), "\(version) \(type)")
                    #expect(try !port.passes(Self.error(type, about: other), .ingress), "\(version) \(type)")
                }
                let elsewhere = Self.addresses(version).peer
                #expect(try !port.passes(Self.error(type, about: call, to: elsewhere), .ingress), "to another machine")
            }
            let flows = try port.takeFlows()
            let errors = flows.filter { $0.key.direction == .ingress }
            let rulings = errors.reduce(into: [Ruling: Set<UInt16>]()) {
                $0[$1.key.ruling, default: []].insert($1.key.rule)
            }
            #expect(rulings == [.accept: [1], .drop: [3]])
            #expect(errors.allSatisfy { $0.key.destinationPort == 1 }, "the code is what it was on the wire")
        }
    }

    @Test func `an error that a machine sends about an allowed connection passes`() throws {
        let port = try JudgedPort(.tcFromPort, .line)
        let inwards = KernelPolicy(rules: [
            .plain(.allow, .ingress, number: 1, transport: TransportNumber.udp, to: 53, priority: 1),
            .plain(.deny, .egress, number: 2), .plain(.deny, .ingress, number: 3),
        ])
        try port.load(inwards, Self.enforced)
        var call = Self.call(.v4)
        (call.source, call.destination, call.direction) = (call.destination, call.source, .ingress)
        #expect(try port.passes(call))
        #expect(try port.passes(Self.error(3, about: call), .egress))
        call.destinationPort = 7777
        #expect(try !port.passes(Self.error(3, about: call), .egress))
    }

    @Test func `redirects and replies report nothing`() throws {
        let port = try JudgedPort(.tcFromPort, .line)
        try port.load(Self.policy, Self.enforced)
        #expect(try port.passes(Self.call(.v4)))
        for type in [0, 4, 5, 8] as [UInt8] {
            #expect(try !port.passes(Self.error(type, about: Self.call(.v4)), .ingress), "\(type)")
        }
    }

    @Test func `an error that is cut, or reports a fragment, is for the rules`() throws {
        let port = try JudgedPort(.tcFromPort, .line)
        try port.load(Self.policy, Self.enforced)
        #expect(try port.passes(Self.call(.v4)))
        let ends = Self.addresses(.v4)
        let whole = Array(Self.call(.v4).frame.dropFirst(14).prefix(28))
        for length in [0, 19, 20, 23] {
            let layers: [Layer] = [
                .ethernet(), .ipv4(from: ends.router, to: ends.machine), .icmp(type: 3, code: 1),
                .payload(Array(whole.prefix(length))),
            ]
            #expect(try !port.passes(Frame(layers).bytes, .ingress), "\(length)")
        }
        var later = whole
        later[7] = 1
        let layers: [Layer] = [
            .ethernet(), .ipv4(from: ends.router, to: ends.machine), .icmp(type: 3, code: 1), .payload(later),
        ]
        #expect(try !port.passes(Frame(layers).bytes, .ingress))
    }

    @Test func `a connection whose rule is gone has no errors`() throws {
        let port = try JudgedPort(.tcFromPort, .line)
        try port.load(Self.policy, Self.enforced)
        #expect(try port.passes(Self.call(.v4)) && port.passes(Self.error(3, about: Self.call(.v4)), .ingress))
        let closed = KernelPolicy(rules: [.plain(.deny, .egress, number: 2), .plain(.deny, .ingress, number: 3)])
        try port.load(closed, Self.enforced)
        #expect(try !port.passes(Self.error(3, about: Self.call(.v4)), .ingress))
    }
}
