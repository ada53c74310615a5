// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowTestKit

/// CPU time of frames that a guest sends, on a tap in a network namespace of the bench's own.
///
/// The frames are for somebody else, so that the kernel drops them right behind the hooks.
final class TapBench {
    private let settings: Settings
    private let namespace: NetworkNamespace
    private let tap: TapDevice
    private let interface: NetworkInterface
    private let subjects: [any Subject]

    init(_ settings: Settings) throws {
        self.settings = settings
        namespace = try NetworkNamespace("bench")
        tap = try TapDevice("weirt0", in: namespace)
        interface = try namespace.inside { try NetworkInterface.named("weirt0") }
        let engines = try Engine.allCases.map { try EngineSubject($0, roomFor: Settings.usualBudget) }
        let reference = try ReferenceSubject(roomFor: Settings.usualBudget)
        subjects = [try PlainSubject(.empty, types: [.tc, .xdpFrags]), reference] + engines
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

    /// One way through the kernel: no program, or one of a subject's.
    private struct Way {
        let subject: (any Subject)?
        let type: BPFProgramType?
        var samples = Samples()
    }

    private func figures(_ load: Load) throws -> [TapFigure] {
        var ways = [Way(subject: nil, type: nil)]
        ways += subjects.flatMap { subject in subject.types.map { Way(subject: subject, type: $0) } }
        for round in 0..<settings.shortRounds {
            for index in ways.indices {
                let turn = (index + round) % ways.count
                ways[turn].samples.append(try measure(ways[turn], load))
            }
        }
        let none = ways[0].samples
        return ways.map { way in
            TapFigure(
                subject: way.subject?.name ?? "no program", hook: way.type?.rawValue ?? "none", frame: load.name,
                gross: way.samples.figure, delta: (way.samples - none).figure)
        }
    }

    private func measure(_ way: Way, _ load: Load) throws -> Double {
        guard let subject = way.subject, let type = way.type else { return try write(load) }
        var time = 0.0
        try subject.withProgram(type) { program in
            let attachment = try namespace.inside { try TemporaryAttachment(program, to: interface) }
            time = try write(load)
            try attachment.end()
        }
        let frames = settings.framesAWrite + Self.leadIn
        try subject.check(sent: UInt64(frames * load.packets(subject, type)))
        try subject.empty()
        return time
    }

    /// Frames before the clock starts: the first of a flow, and caches that another program has filled.
    private static let leadIn = 500

    private func write(_ load: Load) throws -> Double {
        for _ in 0..<Self.leadIn { try tap.write(load.frame) }
        let time = try ThreadCPU.time { for _ in 0..<settings.framesAWrite { try tap.write(load.frame) } }
        return time / .nanoseconds(settings.framesAWrite)
    }
}
