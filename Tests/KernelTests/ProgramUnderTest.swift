// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host
import Testing

/// A program on tables of its own, fed by BPF_PROG_TEST_RUN; no interface takes part.
///
/// Every run has a window of its own.
struct ProgramUnderTest: ~Copyable {
    static let port = PortNumber(7)
    static let pass: [ProgramKind: Int32] = [
        .tcFromPort: -1, .tcToPort: -1, .xdpFromPort: 2, .xskFromPort: 2, .xdpDispatched: 2,
    ]

    /// What one run did.
    struct Outcome {
        let verdict: Int32
        let flows: FlowTable
        let totals: PortTotals
        /// Totals of the direction that the program does not count.
        let otherTotals: PortTotals
    }

    let program: Program
    private var source: KernelFlowSource
    private let direction: Direction

    init(_ kind: ProgramKind, _ engine: FlowEngine, role: PortRole = .guest, flowBudget: Int = 1000) throws {
        let request = TableRequest(engine: engine, flowBudget: flowBudget, portShare: 1)
        let tables = try FlowTables.create(try request.geometry())
        let port = try tables.maps.addWithoutInterface(Self.port, role: role)
        let program = kind.isShared ? try tables.loadShared(kind, for: port) : try tables.load(kind, for: port)
        let source = try KernelFlowSource(tables: tables, gracePeriod: .notNeeded)
        self.program = program
        self.source = source
        let toPort = role.directionToPort
        direction = kind == .tcToPort ? toPort : (toPort == .ingress ? .egress : .ingress)
    }

    mutating func run(
        _ frame: [UInt8], context: TestRunContext? = nil, repeating count: Int = 1
    ) throws -> Outcome {
        let verdict = try program.run(on: frame, context: context, repeating: count)
        return try takeOutcome(verdict)
    }

    /// Reads and empties the tables.
    mutating func takeOutcome(_ verdict: Int32) throws -> Outcome {
        let window = source.tables.control.window
        try source.open(OpenWindow(number: Window.number(after: window), anchor: .now, end: ClockAnchor.now.realtime))
        var flows = FlowTable()
        try source.drain(window, into: &flows)
        let totals = try source.totals(of: window)
        try source.release(window)
        let other = direction == .ingress ? Direction.egress : .ingress
        return Outcome(
            verdict: verdict, flows: flows,
            totals: try #require(totals[PortSide(port: Self.port, direction: direction)]),
            otherTotals: try #require(totals[PortSide(port: Self.port, direction: other)]))
    }

    /// Records an issue for everything in which the outcome of one frame is not what is expected.
    func check(_ outcome: Outcome, _ expected: Expected, of frame: String) {
        let comment: Comment = "\(program.kind) on \(frame)"
        #expect(outcome.verdict == Self.pass[program.kind], comment)
        #expect(outcome.totals == Self.totals(of: expected), comment)
        #expect(outcome.otherTotals == PortTotals(), comment)
        let recorded = outcome.flows.values.reduce(PacketCount.zero) { $0 + $1.count }
        #expect(outcome.totals.obeysConservation(recorded: recorded), comment)
        guard let flow = expected.flow else {
            #expect(outcome.flows.isEmpty, comment)
            return
        }
        let key = flow.key(port: Self.port, direction: direction)
        #expect(outcome.flows.count == 1 && outcome.flows[key] != nil, "\(comment): \(outcome.flows), expected \(key)")
        guard let counters = outcome.flows[key] else { return }
        check(counters, expected, comment)
    }

    private func check(_ counters: FlowCounters, _ expected: Expected, _ comment: Comment) {
        #expect(counters.count == expected.count, comment)
        #expect(counters.tcpControlBits == expected.tcpControlBits, comment)
        #expect(counters.tcpFlags == ReferenceMeter.awsFlags(expected.tcpControlBits), comment)
        #expect(counters.hidesTCPFlags == expected.hidesTCPFlags, comment)
        #expect(counters.dscp == expected.dscp, comment)
        #expect(counters.timeToLive == expected.timeToLive, comment)
        #expect(counters.sourceMAC == expected.sourceMAC, comment)
        #expect(counters.destinationMAC == expected.destinationMAC, comment)
        #expect(counters.first == counters.last && counters.first.nanoseconds > 0, comment)
    }

    private static func totals(of expected: Expected) -> PortTotals {
        var totals = PortTotals()
        totals.seen = expected.count
        switch expected.kind {
        case .ip: totals.ip = expected.count
        case .notIP: totals.notIP = expected.count
        case .malformed: totals.malformed = expected.count
        case .truncated:
            totals.malformed = expected.count
            totals.truncated = expected.count
        case .beyondLimits:
            totals.malformed = expected.count
            totals.beyondLimits = expected.count
        }
        if expected.flow?.isFragmentWithoutFlow == true { totals.fragmentWithoutFlow = expected.count }
        return totals
    }
}
