// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowMeter
import FlowModel
import FlowVerdict
import Host
import TapService

/// One of Weir's engines with tables of its own, as it is attached to a guest's port.
final class EngineSubject: Subject {
    static let port = PortNumber(1)
    static let side = PortSide(port: port, direction: .egress)

    let engine: Engine
    let name: String
    let types: [BPFProgramType]
    private var source: KernelFlowSource
    private let tc: Program
    private let xdp: Program

    /// - Parameters:
    ///   - policy: what the port has of it is enforced; nil: it has none.
    ///   - session: a tap session that the port is a source of, and what its lane is called; nil: its programs copy nothing.
    ///   - sampling: one packet of so many is sampled, into a ring that is full; nil: none.
    init(
        _ engine: Engine, roomFor flows: Int, policy: KernelPolicy? = nil, session: (name: String, TapSession)? = nil,
        sampling: UInt32? = nil
    ) throws(KernelError) {
        let tables = try engine.makeTables(roomFor: flows)
        let port = try tables.maps.addWithoutInterface(Self.port, role: .guest)
        self.engine = engine
        let sampled = sampling.map { "1 in \($0) sampled" }
        name = [engine.rawValue, policy.map { _ in "with a policy" }, session?.name, sampled].compactMap(\.self)
            .joined(separator: ", ")
        types = session == nil ? [.tc, .xdpFrags] : [.tc]
        let copying: ProgramUse.Copying = session != nil ? .frames : sampling != nil ? .samples : .nothing
        let use = ProgramUse(asksPolicy: policy != nil, copying: copying)
        tc = try tables.load(.tcFromPort, for: port, use: use)
        xdp = try tables.load(.xdpFromPort, for: port, use: use)
        if let sampling { try tables.setSampling(SamplingRates(rate: sampling), of: port) }
        if let policy {
            try tables.setPolicy(
                policy, ports: [Self.port: PortPolicy(set: 1, mode: .enforce)], gracePeriod: .notNeeded)
        }
        if let session {
            var plan = TapPlan()
            plan.sessions = [session.1]
            plan.uses = [Self.port: [TapUse(session: 0, account: 0)]]
            try tables.setTaps(plan)
        }
        source = try KernelFlowSource(tables: tables)
    }

    /// Wants nothing of what is sent here.
    static var idleSession: (name: String, TapSession) {
        var session = TapSession(to: .interface(0))
        session.egress = [TapRule(1, .accept)]
        session.egress[0].destinationPorts = 9...9
        return ("not mirrored", session)
    }

    func withProgram(_ type: BPFProgramType, _ body: (borrowing BPFProgram) throws -> Void) throws {
        if type == .tc { try body(tc.loaded) } else { try body(xdp.loaded) }
    }

    func countedPackets() throws -> UInt64? {
        let totals = try source.totals(of: openWindow)[Self.side] ?? PortTotals()
        guard totals.overflow.isZero else {
            throw BenchFailure(
                description: "\(totals.overflow.packets) packets found no slot in the tables of \(name)")
        }
        return totals.ip.packets
    }

    /// Closes the window, checks that its slots hold what its totals say, and forgets it.
    func empty() throws {
        let expected = try countedPackets()
        let closed = try closeWindow()
        let sum = try drain(closed)
        guard sum.packets == expected else {
            throw BenchFailure(
                description: "the slots of \(name) hold \(sum.packets) packets, its totals \(expected ?? 0)")
        }
        try release(closed)
    }
}

extension EngineSubject {
    private var openWindow: UInt32 { source.tables.control.window }

    /// Opens the next window and returns the number of the one before, which is at rest then.
    func closeWindow() throws(KernelError) -> UInt32 {
        let number = openWindow
        let now = ClockAnchor.now
        let end = now.realtime.advanced(by: .seconds(3600))
        try source.open(OpenWindow(number: Window.number(after: number), anchor: now, end: end))
        return number
    }

    /// Reads all slots of a closed window, and does no more with them than to add them up.
    func drain(_ window: UInt32) throws(KernelError) -> (flows: Int, packets: UInt64) {
        var flows = 0
        var packets: UInt64 = 0
        try source.tables.forEachBatch(of: window) { batch in
            flows += batch.count
            for index in batch.indices { packets += batch[index].counters.count.packets }
        }
        return (flows, packets)
    }

    func release(_ window: UInt32) throws(KernelError) { try source.release(window) }
}
