// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowKernel
import FlowModel
import FlowTestKit
import FlowVerdict
import Host
import TapService
import Testing

/// Copies in rings: of captures, and of sessions that a program cannot send.
@Suite(.enabled(if: KernelAccess.isExpected)) struct RingSuite {
    private static let frames = FrameTable.all.map(\.bytes).filter { 15...3000 ~= $0.count }
    private static let kinds: [ProgramKind] = [.tcFromPort, .xdpFromPort, .xskFromPort]

    private static func session(to destination: TapDestination, label: UInt16) -> TapSession {
        var session = TapSession(to: destination)
        (session.ingress, session.egress) = ([TapRule(1, .accept)], [TapRule(1, .accept)])
        session.label = label
        return session
    }

    @Test(arguments: kinds, [false, true])
    func eachCaptureHasEveryFrameThatItWants(_ kind: ProgramKind, isJudged: Bool) throws {
        let port = try CopiedPort(kind, isJudged: isJudged)
        var udp = Self.session(to: .ring(2), label: 8)
        udp.egress[0].transport = 17
        udp.packetLength = 60
        try port.set([Self.session(to: .ring(1), label: 7), udp], captures: 0..<2)
        let all = try port.ring(1)
        let some = try port.ring(2)
        for frame in Self.frames { try port.run(frame) }
        let seen = try all.copies()
        #expect(seen.map(\.bytes) == Self.frames)
        #expect(seen.allSatisfy { $0.head.session == 7 && $0.head.cause == UInt8(WEIR_COPY_SESSION.rawValue) })
        #expect(seen.allSatisfy { $0.head.port == 7 && $0.head.direction == UInt8(WEIR_EGRESS.rawValue) })
        #expect(seen.map { Int($0.head.length) } == Self.frames.map(\.count))
        let cut = try some.copies()
        #expect(!cut.isEmpty && cut.count < Self.frames.count)
        #expect(cut.allSatisfy { $0.bytes.count == min(60, Int($0.head.length)) })
        let counts = try port.counts()
        #expect(counts.allSatisfy { $0.obeysLaw })
        #expect(counts[0].mirrored.packets == UInt64(seen.count) && counts[0].truncated == .zero)
        #expect(counts[1].mirrored.packets == UInt64(cut.count))
        #expect(counts[1].truncated.packets == UInt64(cut.filter { $0.head.length > 60 }.count))
    }

    /// The session's frames go to the ring of weir-mirror where the program cannot send them; captures change nothing of that.
    @Test(arguments: kinds) func aSessionTakesWhatCapturesHaveToo(_ kind: ProgramKind) throws {
        let port = try CopiedPort(kind)
        // No interface has that index: what TC sends there fails.
        try port.set(
            [Self.session(to: .ring(1), label: 1), Self.session(to: .interface(.max >> 1), label: 300)], captures: 0..<1
        )
        let captured = try port.ring(1)
        let mirrored = try port.ring(0)
        for frame in Self.frames { try port.run(frame) }
        #expect(try captured.copies().map(\.bytes) == Self.frames)
        let sent = try mirrored.copies()
        let counts = try port.counts()
        #expect(counts.allSatisfy { $0.obeysLaw && $0.matched.packets == UInt64(Self.frames.count) })
        if kind.isTC {
            #expect(sent.isEmpty && counts[1].failed.destination == counts[1].matched)
        } else {
            #expect(sent.map(\.bytes) == Self.frames && sent.allSatisfy { $0.head.session == 300 })
            #expect(counts[1].mirrored == counts[1].matched)
        }
    }

    @Test(arguments: kinds) func whatARingHasNoRoomForIsCounted(_ kind: ProgramKind) throws {
        let port = try CopiedPort(kind)
        try port.set([Self.session(to: .ring(1), label: 1)], captures: 0..<1)
        let ring = try port.ring(1, bytes: 16384)
        for _ in 0..<500 { try port.run(Self.frames[0]) }
        let counts = try port.counts()[0]
        let seen = try ring.copies()
        #expect(counts.obeysLaw && counts.matched.packets == 500)
        #expect(!seen.isEmpty && counts.mirrored.packets == UInt64(seen.count))
        #expect(counts.failed.ringFull.packets == 500 - UInt64(seen.count))
        // A ring that is gone has room for nothing.
        try port.tables.removeTapRing(at: 1)
        try port.run(Self.frames[0])
        #expect(try port.counts()[0].failed.ringFull.packets == 501 - UInt64(seen.count))
    }

    @Test(arguments: kinds) func aSessionThatMayNotCutRefusesWhatDoesNotFit(_ kind: ProgramKind) throws {
        guard !kind.isTC else { return }
        let port = try CopiedPort(kind)
        var tunnel = TapTunnel(to: "192.0.2.1", vni: 7)
        tunnel.longestFrame = 100
        tunnel.oversize = .refuse
        try port.set([Self.session(to: .tunnel(tunnel), label: 5)], captures: 0..<0)
        let ring = try port.ring(0)
        for frame in Self.frames { try port.run(frame) }
        let short = Self.frames.filter { $0.count <= 100 }
        #expect(try ring.copies().map(\.bytes) == short)
        #expect(try port.counts()[0].failed.tooBig.packets == UInt64(Self.frames.count - short.count))
        tunnel.oversize = .cut
        try port.set([Self.session(to: .tunnel(tunnel), label: 5)], captures: 0..<0)
        for frame in Self.frames { try port.run(frame) }
        #expect(try ring.copies().map(\.bytes) == Self.frames.map { Array($0.prefix(100)) })
    }

    @Test(arguments: kinds) func aCopySaysWhatThePolicySaidOfItsFrame(_ kind: ProgramKind) throws {
        let port = try CopiedPort(kind, isJudged: true)
        let tcp = try #require(
            Self.frames.first { frame in
                guard let flow = ReferenceParser.classify(frame).flow else { return false }
                return flow.transport == 6 && flow.source.version == .v4
            })
        try port.refuseTCP(rule: 2)
        var session = Self.session(to: .ring(1), label: 1)
        session.egress[0].verdict = .reject
        try port.set([session], captures: 0..<1)
        let ring = try port.ring(1)
        for frame in Self.frames { try port.run(frame) }
        let refused = try ring.copies()
        #expect(refused.contains { $0.bytes == tcp && $0.head.rule == 2 })
        #expect(!refused.isEmpty && refused.allSatisfy { $0.head.ruling == UInt8(WEIR_RULING_DROP.rawValue) })
        #expect(refused.count < Self.frames.count)
    }
}

/// A program that copies, on tables of its own.
private struct CopiedPort: ~Copyable {
    let tables: FlowTables
    private let port: RegisteredPort
    private let program: Program

    init(_ kind: ProgramKind, isJudged: Bool = false) throws {
        let tables = try FlowTables.create(try TableRequest(flowBudget: 1000, portShare: 1).geometry())
        let port = try tables.maps.addWithoutInterface(ProgramUnderTest.port, role: .guest)
        let use = ProgramUse(asksPolicy: isJudged, copying: .frames)
        let program =
            kind.isShared
            ? try tables.loadShared(kind, for: port, use: use) : try tables.load(kind, for: port, use: use)
        self.tables = tables
        self.port = port
        self.program = program
    }

    /// The first are captures, the others are asked one after the other. Each has the account of its place.
    func set(_ sessions: [TapSession], captures: Range<Int>) throws {
        var plan = TapPlan()
        plan.sessions = sessions
        let uses = sessions.indices.map { TapUse(session: $0, account: $0) }
        plan.captures = [port.number: Array(uses[captures])]
        plan.uses = [port.number: Array(uses[captures.upperBound...])]
        try tables.setTaps(plan)
    }

    /// Over IPv4, from the machine.
    func refuseTCP(rule: UInt16) throws {
        let allowed = [IPVersion.v4, .v6].map { PolicyRule.plain(.allow, .egress, number: 1, $0) }
        let denied = PolicyRule.plain(.deny, .egress, number: rule, transport: 6, priority: 1)
        try tables.setPolicy(
            KernelPolicy(rules: allowed + [denied]), ports: [port.number: PortPolicy(set: 1, mode: .enforce)],
            gracePeriod: .notNeeded)
    }

    func run(_ frame: [UInt8]) throws { _ = try program.run(on: frame) }

    func counts() throws -> [TapCounts] { try (0..<2).map { try tables.tapCounts(of: $0).egress } }

    func ring(_ place: Int, bytes: Int? = nil) throws -> CopyReader {
        try CopyReader(tables.tapRing(at: place, bytes: bytes))
    }
}
