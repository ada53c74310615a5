// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import FlowVerdict
import Host
import Testing

/// What a connection is worth, and for how long.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct ConnectionSuite {
    private static let enforced = PortPolicy(set: 1, mode: .enforce)
    private static let call = FlowKey(
        port: JudgedPort.port, direction: .egress, transport: TransportNumber.udp, source: "10.0.0.1",
        destination: "10.0.0.2", sourcePort: 5000, destinationPort: 53)
    private static let answer = PolicyReference.reversed(call)
    private static let open = KernelPolicy(rules: [
        .plain(.allow, .egress, number: 1), .plain(.deny, .ingress, number: 2),
    ])
    private static let closed = KernelPolicy(rules: [
        .plain(.deny, .egress, number: 3), .plain(.deny, .ingress, number: 4),
    ])

    private func ruled(_ flow: FlowKey, _ ruling: Ruling, _ rule: UInt16) -> FlowKey {
        var flow = flow
        (flow.ruling, flow.rule) = (ruling, rule)
        return flow
    }

    private func counts(_ flows: FlowTable) -> [FlowKey: UInt64] {
        flows.reduce(into: [:]) { $0[$1.key] = $1.value.count.packets }
    }

    /// An answer that came too early does not bar the way of those that are one.
    @Test(arguments: FlowEngine.allCases)
    func whatWasRejectedIsJudgedAnewWhenItAnswersSomething(_ engine: FlowEngine) throws {
        var port = try JudgedPort(.tcFromPort, engine)
        try port.load(Self.open, Self.enforced)
        for _ in 0..<3 { #expect(try !port.passes(Self.answer)) }
        #expect(try port.passes(Self.call))
        for _ in 0..<2 { #expect(try port.passes(Self.answer)) }
        #expect(
            counts(try port.takeFlows()) == [
                ruled(Self.call, .accept, 1): 1, ruled(Self.answer, .drop, 2): 3, ruled(Self.answer, .accept, 1): 2,
            ])
    }

    @Test(arguments: FlowEngine.allCases)
    func aConnectionIsWorthNothingWithoutItsRuleAndIsThereWhenThatComesBack(_ engine: FlowEngine) throws {
        var port = try JudgedPort(.tcFromPort, engine)
        try port.load(Self.open, Self.enforced)
        #expect(try port.passes(Self.call) && port.passes(Self.answer))
        try port.load(Self.closed, Self.enforced)
        #expect(try !port.passes(Self.answer) && !port.passes(Self.call))
        try port.load(Self.open, Self.enforced)
        #expect(try port.passes(Self.answer))
        #expect(
            counts(try port.takeFlows()) == [
                ruled(Self.call, .accept, 1): 1, ruled(Self.answer, .accept, 1): 2, ruled(Self.call, .drop, 3): 1,
                ruled(Self.answer, .drop, 4): 1,
            ])
    }

    @Test func answersToARuleThatIsNotStatefulAreJudgedByThemselves() throws {
        let port = try JudgedPort(.tcFromPort, .line)
        let policy = KernelPolicy(rules: [
            .plain(.allow, .egress, number: 1, isStateful: false), .plain(.deny, .ingress, number: 2),
        ])
        try port.load(policy, Self.enforced)
        #expect(try port.passes(Self.call) && !port.passes(Self.answer))
    }

    /// A machine that goes on answering after its caller's rule is gone does not so become a caller.
    @Test func whoAnswersBeginsNothing() throws {
        let port = try JudgedPort(.tcFromPort, .line)
        let both = KernelPolicy(rules: [.plain(.allow, .egress, number: 1), .plain(.allow, .ingress, number: 2)])
        try port.load(both, Self.enforced)
        #expect(try port.passes(Self.answer) && port.passes(Self.call))
        try port.load(Self.open, Self.enforced)
        #expect(try port.passes(Self.call) && !port.passes(Self.answer))
    }

    /// The kernel's clock is not to be moved: the connection is.
    @Test(arguments: [(TransportNumber.udp, 300), (TransportNumber.tcp, 7440), (TransportNumber.sctp, 600)])
    func aConnectionThatWasIdleForTooLongIsNone(transport: UInt8, limit: Int) throws {
        var port = try JudgedPort(.tcFromPort, .line)
        try port.load(Self.open, Self.enforced)
        for (idle, isAlive) in [(limit - 5, true), (limit + 5, false)] {
            var call = Self.call
            (call.transport, call.sourcePort) = (transport, UInt16(idle))
            #expect(try port.passes(call))
            // Both windows began after it was used.
            _ = try port.takeFlows()
            _ = try port.takeFlows()
            try port.ageConnections(by: .seconds(idle))
            #expect(try port.passes(PolicyReference.reversed(call)) == isAlive, "\(idle) s")
        }
    }

    /// In a window that nobody ends, or the one after it, what was used may be in use still, however long ago that was.
    @Test func aConnectionOfTheOpenWindowIsNotTooOld() throws {
        // A connection older than ICMP's limit must not be older than the machine.
        try waitUntil("the machine has run for more than 65 s", within: .seconds(70)) {
            ClockAnchor.now.monotonic.nanoseconds > 66_000_000_000
        }
        let port = try JudgedPort(.tcFromPort, .line)
        try port.load(Self.open, Self.enforced)
        var request = Self.call
        (request.transport, request.sourcePort, request.destinationPort) = (TransportNumber.icmp, 8, 0)
        #expect(try port.passes(request))
        try port.ageConnections(by: .seconds(65))
        #expect(try port.passes(PolicyReference.reversed(request)))
    }

    /// Calls to a machine, however many, do not push out what it has called itself.
    @Test func `a flood of calls to a machine costs its own connections nothing`() throws {
        var port = try JudgedPort(.tcFromPort, .line, flowBudget: 262_144)
        let both = KernelPolicy(rules: [
            .plain(.allow, .egress, number: 1, transport: TransportNumber.udp, to: 53),
            .plain(.allow, .ingress, number: 2, transport: TransportNumber.udp, to: 80),
            .plain(.deny, .egress, number: 3, priority: -1), .plain(.deny, .ingress, number: 4, priority: -1),
        ])
        try port.load(both, Self.enforced)
        let calls = (0..<100 as Range<UInt16>).map { number in
            var call = Self.call
            call.sourcePort = 2000 + number
            return call
        }
        for call in calls { #expect(try port.passes(call)) }
        for number in 0..<60_000 as Range<UInt32> {
            var flood = Self.answer
            (flood.source, flood.sourcePort, flood.destinationPort) = (IPAddress(v4: 0x0b00_0000 | number), 1000, 80)
            #expect(try port.passes(flood))
        }
        _ = try port.takeFlows()
        for call in calls { #expect(try port.passes(PolicyReference.reversed(call))) }
    }

    @Test func versionsAreNotGivenOutTwiceInAWindow() throws {
        var port = try JudgedPort(.tcFromPort, .line)
        var versions: Set<UInt8> = []
        for _ in 0..<250 {
            let version = try port.load(Self.open, Self.enforced)
            #expect(version.rawValue != 0 && versions.insert(version.rawValue).inserted)
        }
        #expect(throws: KernelError.self) { try port.load(Self.closed, Self.enforced) }
        #expect(try port.passes(Self.call), "what was in force stays")
        _ = try port.takeFlows()
        try port.load(Self.closed, Self.enforced)
        #expect(try !port.passes(Self.call))
    }

    @Test func whatFindsNoRoomIsJudgedPacketByPacket() throws {
        var port = try JudgedPort(.tcFromPort, .line, flowBudget: 1)
        try port.load(Self.open, Self.enforced)
        var passed = 0
        for number in 0..<1000 as Range<UInt16> {
            var flow = Self.call
            flow.sourcePort = 1000 + number
            if try port.passes(flow) { passed += 1 }
            flow.direction = .ingress
            if try port.passes(flow) { passed += 1 }
        }
        #expect(passed == 1000)
        #expect(try port.takeFlows().count < 1000)
    }
}
