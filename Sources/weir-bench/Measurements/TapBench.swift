// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit
import TapService

/// CPU time of frames that a guest sends, on taps in a network namespace of the bench's own.
///
/// Each program has a tap to itself, so that they take turns every hundred frames: neighbours and the clock of the
/// processor change too much in the milliseconds that attaching takes. The frames are for another machine, so that the
/// kernel drops them right behind the hooks.
final class TapBench {
    private let settings: Settings
    private let lanes: [TapLane]
    private let subjects: [any Subject]
    /// Takes copies, and looks at none of them.
    private let monitor: NetworkNamespace

    /// One that wants nothing of what is written, and one that wants all of it.
    private static func sessions(to interface: UInt32) -> [(name: String, TapSession)] {
        var all = TapSession(to: .interface(interface))
        all.egress = [TapRule(1, .accept)]
        return [EngineSubject.idleSession, ("mirrored", all)]
    }

    init(_ settings: Settings) throws {
        self.settings = settings
        let namespace = try NetworkNamespace("bench")
        let engines = try Engine.allCases.map { try EngineSubject($0, roomFor: Settings.usualBudget) }
        let judged = try EngineSubject(
            .standard, roomFor: Settings.usualBudget, policy: PolicyMeasurement.policy(masks: 16))
        let reference = try ReferenceSubject(roomFor: Settings.usualBudget)
        monitor = try NetworkNamespace("monitor")
        try namespace.addPair("weirtm", to: monitor, "eth0", mtu: 65_535)
        let copying = try Self.sessions(to: UInt32(try namespace.index(of: "weirtm"))).map { session in
            try EngineSubject(.standard, roomFor: Settings.usualBudget, session: session)
        }
        subjects = [try PlainSubject(.empty, types: [.tc, .xdpFrags]), reference] + engines + [judged] + copying
        var lanes = [try TapLane("weirt0", in: namespace)]
        for subject in subjects {
            for type in subject.types {
                lanes.append(try TapLane("weirt\(lanes.count)", in: namespace, subject, type))
            }
        }
        lanes.append(try TapLane("weirt\(lanes.count)", in: namespace, mirroredTo: "weirtm"))
        self.lanes = lanes
    }

    /// What is written, and how many packets each hook must count for it.
    private struct Load {
        let name: String
        let frame: TapFrame
        let segments: Int

        func packets(_ subject: any Subject, _ type: BPFProgramType) -> Int {
            // The reference does not know of segments, and XDP does not see them.
            subject is EngineSubject && type == .tc ? segments : 1
        }
    }

    private static let loads: [Load] = {
        let segment = 1460
        let payload = 65_483 - 54
        let tcp = Layer.tcp(from: 40_000, to: 443)
        let long = Frame(.ethernet(), .ipv4(dontFragment: true), tcp, .payload(payload))
        return [
            Load(name: "60 B", frame: TapFrame(Frame(.ethernet(), .ipv4(), tcp, .padding())), segments: 1),
            Load(name: "1514 B", frame: TapFrame(Frame(.ethernet(), .ipv4(), tcp, .payload(1460))), segments: 1),
            Load(
                name: "64 KiB TSO", frame: TapFrame(long, isIPv4: true, transport: 2, segment: segment),
                segments: (payload + segment - 1) / segment),
        ]
    }()

    func figures() throws -> [TapFigure] {
        try Self.loads.flatMap(figures)
    }

    private func figures(_ load: Load) throws -> [TapFigure] {
        var samples = Array(repeating: Samples(), count: lanes.count)
        for turn in 0..<settings.tapTurns {
            for index in lanes.indices {
                let lane = (index + turn) % lanes.count
                samples[lane].append(try lanes[lane].write(load.frame))
            }
        }
        try check(load)
        let none = samples[0]
        return zip(lanes, samples).map { lane, samples in
            TapFigure(
                subject: lane.name, hook: lane.type?.rawValue ?? "none", frame: load.name,
                gross: samples.figure, delta: (samples - none).figure)
        }
    }

    /// Every subject has counted what was written to its taps.
    private func check(_ load: Load) throws {
        for subject in subjects {
            let packets = subject.types.reduce(0) { $0 + load.packets(subject, $1) }
            try subject.check(sent: UInt64(settings.tapTurns * TapLane.framesATurn * packets))
            try subject.empty()
        }
    }
}
