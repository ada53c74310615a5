// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host
import TapService
import Testing

/// Random sessions on frames of all kinds, against the plain matcher: which session takes which frame.
@Suite(.enabled(if: KernelAccess.isExpected)) struct TapRuleSuite {
    private static let port = PortNumber(7)
    private static let plans = 2000
    private static let framesAPlan = 20

    @Test func sessionsTakeWhatThePlainMatcherSays() throws {
        let tables = try FlowTables.create(try TableRequest(flowBudget: 1000, portShare: 1).geometry())
        let port = try tables.maps.addWithoutInterface(Self.port, role: .guest)
        let program = try tables.loadShared(.tcFromPort, for: port, use: .copied)
        var source = try KernelFlowSource(tables: tables, gracePeriod: .notNeeded)
        var random = SplitMix64(seed: 18)
        // Alone: what a later fragment is depends on what came before it.
        let frames = FrameTable.all.map(\.bytes).filter {
            15...3000 ~= $0.count && ReferenceParser.classify($0).fragment == .none
        }
        var expected: [Int: UInt64] = [:]
        for number in 0..<Self.plans {
            var generator = RuleGenerator(random: random)
            let plan = generator.plan(for: Self.port)
            random = generator.random
            try source.tables.setTaps(plan)
            let before = try (0..<3).map { try source.tables.tapCounts(of: $0).egress.matched.packets }
            expected = [:]
            for _ in 0..<Self.framesAPlan {
                guard let frame = frames.randomElement(using: &random) else { break }
                _ = try program.run(on: frame)
                guard let use = plan.use(of: TapPacket(egress: frame), at: Self.port) else { continue }
                expected[use.account, default: 0] += 1
            }
            for account in 0..<3 {
                let counts = try source.tables.tapCounts(of: account).egress
                #expect(counts.matched.packets - before[account] == expected[account] ?? 0, "plan \(number): \(plan)")
                #expect(counts.obeysLaw)
            }
            if number % 100 == 99 { try openWindow(&source) }
        }
    }

    /// Versions of sessions are not used twice in a window.
    private func openWindow(_ source: inout KernelFlowSource) throws {
        let window = source.tables.control.window
        try source.open(OpenWindow(number: Window.number(after: window), anchor: .now, end: ClockAnchor.now.realtime))
        var flows = FlowTable()
        try source.drain(window, into: &flows)
        try source.release(window)
    }
}

/// Rules about the addresses, ports and protocols that the tables of frames have.
private struct RuleGenerator {
    var random: SplitMix64

    private static let addresses = Set(
        FrameTable.transports.compactMap { ReferenceParser.classify($0.bytes).flow }
            .flatMap { [$0.source, $0.destination] }
    ).sorted { ($0.high, $0.low) < ($1.high, $1.low) }

    mutating func plan(for port: PortNumber) -> TapPlan {
        var plan = TapPlan()
        for session in 0..<Int.random(in: 1...3, using: &random) {
            // To no interface: what a session takes is counted, and fails.
            var made = TapSession(to: .interface(0))
            for number in 1...UInt16.random(in: 1...6, using: &random) { made.egress.append(rule(number)) }
            plan.sessions.append(made)
            plan.uses[port, default: []].append(TapUse(session: session, account: session))
        }
        return plan
    }

    private mutating func rule(_ number: UInt16) -> TapRule {
        var rule = TapRule(number, Bool.random(using: &random) ? .accept : .reject)
        if Int.random(in: 0..<3, using: &random) == 0 {
            rule.transport = [1, 6, 17, 58, 132, 47].randomElement(using: &random)
        }
        if Int.random(in: 0..<3, using: &random) == 0 { rule.source = prefix() }
        if Int.random(in: 0..<4, using: &random) == 0 {
            rule.destination = prefix(rule.source?.address.version)
        }
        if Int.random(in: 0..<4, using: &random) == 0 { rule.sourcePorts = range(0...65535) }
        if Int.random(in: 0..<4, using: &random) == 0 { rule.destinationPorts = range(0...8000) }
        if Int.random(in: 0..<6, using: &random) == 0 {
            rule.flags = TapFlags(UInt8.random(in: 0...31, using: &random) & 0x12, of: 0x12)
        }
        if Int.random(in: 0..<6, using: &random) == 0 {
            rule.verdict = Bool.random(using: &random) ? .accept : .reject
        }
        return rule
    }

    private mutating func prefix(_ version: IPVersion? = nil) -> AddressPrefix {
        let addresses = Self.addresses.filter { version == nil || $0.version == version }
        guard let address = addresses.randomElement(using: &random) else { preconditionFailure("no addresses") }
        return AddressPrefix(address, length: Int.random(in: 0...address.version.addressBits, using: &random))
    }

    private mutating func range(_ bounds: ClosedRange<UInt16>) -> ClosedRange<UInt16> {
        let (one, other) = (UInt16.random(in: bounds, using: &random), UInt16.random(in: bounds, using: &random))
        return min(one, other)...max(one, other)
    }
}

extension TapPacket {
    /// As the reference parser reads the frame, taken alone.
    fileprivate init(egress frame: [UInt8]) {
        let expected = ReferenceParser.classify(frame)
        guard let flow = expected.flow else {
            self.init(.egress)
            return
        }
        let hasPorts = [1, 6, 17, 58, 132, 33, 136].contains(flow.transport) && !flow.isFragmentWithoutFlow
        var isLater = false
        if case .later = expected.fragment { isLater = true }
        let hasFlags = flow.transport == 6 && !expected.hidesTCPFlags && !isLater
        self.init(
            .egress, vlan: flow.vlanID,
            Flow(
                transport: flow.transport, source: flow.source, destination: flow.destination,
                ports: hasPorts ? (flow.sourcePort, flow.destinationPort) : nil,
                flags: hasFlags ? UInt8(truncatingIfNeeded: expected.tcpControlBits) : nil))
    }
}
