// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowVerdict
import Host
import Testing

/// Both programs of a port with a policy, fed by BPF_PROG_TEST_RUN; no interface takes part.
struct JudgedPort: ~Copyable {
    static let port = ProgramUnderTest.port

    private var source: KernelFlowSource
    private let fromPort: Program
    private let toPort: Program

    init(_ fromPort: ProgramKind, _ engine: FlowEngine, flowBudget: Int = 65_536) throws {
        let request = TableRequest(engine: engine, flowBudget: flowBudget, portShare: 1)
        let tables = try FlowTables.create(try request.geometry())
        let port = try tables.maps.addWithoutInterface(Self.port, role: .guest)
        let from = try tables.load(fromPort, for: port, use: .judged)
        let to = try tables.load(.tcToPort, for: port, use: .judged)
        let source = try KernelFlowSource(tables: tables, gracePeriod: .notNeeded)
        self.fromPort = from
        toPort = to
        self.source = source
    }

    @discardableResult
    func load(_ policy: KernelPolicy, _ port: PortPolicy) throws -> PolicyVersion {
        try source.tables.setPolicy(policy, ports: [Self.port: port], gracePeriod: .notNeeded)
    }

    /// Whether a packet of the flow passes.
    func passes(_ flow: FlowKey) throws -> Bool { try passes(flow.frame, flow.direction) }

    func passes(_ frame: [UInt8], _ direction: Direction) throws -> Bool {
        let isXDP = !fromPort.kind.isTC && direction == .egress
        let result = try direction == .egress ? fromPort.run(on: frame) : toPort.run(on: frame)
        switch (isXDP, result) {
        case (false, -1), (true, 2): return true
        case (false, 2), (true, 1): return false
        default: throw Unexpected(result: result)
        }
    }

    struct Unexpected: Error { let result: Int32 }

    /// What a window ended with.
    struct Ended {
        let flows: FlowTable
        let totals: [PortSide: PortTotals]
        let samples: FrameSamples
    }

    /// Ends the window: its flows, which must be all that was seen but for overflow.
    mutating func takeFlows() throws -> FlowTable { try takeWindow().flows }

    mutating func takeWindow() throws -> Ended {
        let window = source.tables.control.window
        try source.open(OpenWindow(number: Window.number(after: window), anchor: .now, end: ClockAnchor.now.realtime))
        var flows = FlowTable()
        try source.drain(window, into: &flows)
        let totals = try source.totals(of: window)
        let samples = try source.samples(of: window, at: totals.unparsedSides)
        try source.release(window)
        for direction in Direction.allCases {
            let side = PortSide(port: Self.port, direction: direction)
            let seen = try #require(totals[side])
            #expect(seen.obeysConservation(recorded: flows.recorded[side] ?? .zero), "\(direction)")
        }
        return Ended(flows: flows, totals: totals, samples: samples)
    }

    /// Makes all of the port's connections older.
    func ageConnections(by age: Duration) throws {
        try source.tables.maps.ageConnections(of: Self.port, by: age)
    }

    var summary: PolicySummary? {
        get throws { try source.tables.policySummary() }
    }
}
