// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit
import Foundation
import Host

/// CPU time of frames that many guests send in turn: each frame meets another tap, and what was used for the one before has been
/// pushed out of the nearest caches the more, the more taps there are.
///
/// Each subject has as many taps of its own, so that subjects take turns within a round. The frames have the MAC address of no interface here, so that
/// the kernel drops them right behind the hook.
final class TapTurns {
    static let counts = [1, 8, 32, 100, 200]
    private static let most = 200
    /// At the least, in a sample.
    private static let frames = 400
    private static let frame = TapFrame(
        Frame(.ethernet(), .ipv4(dontFragment: true), .tcp(from: 40_000, to: 443), .padding()))

    private let settings: Settings
    private let subjects: [any TapTurnsSubject]
    private let taps: [[TapDevice]]
    private var written: [Int]

    init(_ settings: Settings) throws {
        try DescriptorLimit.raise()
        self.settings = settings
        let namespace = try NetworkNamespace("bench")
        let shared = try SharedProgramTurns()
        subjects = [NoProgramTurns(), try EmptyProgramTurns(), shared, try CopiedProgramTurns(ports: Self.most)]
        taps = try subjects.indices.map { subject in
            try (0..<Self.most).map { try TapDevice("weirt\(subject)n\($0)", in: namespace) }
        }
        written = subjects.map { _ in 0 }
        try namespace.inside {
            let hurry = ExpeditedGracePeriods.begin(for: Self.most)
            for (subject, taps) in zip(subjects, taps) {
                try subject.attach(to: try taps.map { try NetworkInterface.named($0.name) })
            }
            _ = consume hurry
        }
    }

    func figures() throws -> [TapTurnsFigure] {
        let figures = try Self.counts.flatMap(figures)
        for (subject, written) in zip(subjects, written) {
            guard let counted = try subject.countedPackets(), counted != UInt64(written) else { continue }
            throw BenchFailure(
                description: "\(subject.name) counted \(counted) of \(written) packets: its figures would mean nothing")
        }
        return figures
    }

    private func figures(_ count: Int) throws -> [TapTurnsFigure] {
        var samples = subjects.map { _ in Samples() }
        for round in 0..<10 * settings.rounds {
            for index in subjects.indices {
                let subject = (index + round) % subjects.count
                samples[subject].append(try sample(subject, count))
            }
        }
        return subjects.indices.map { subject in
            TapTurnsFigure(
                subject: subjects[subject].name, taps: count, gross: samples[subject].figure,
                delta: (samples[subject] - samples[0]).figure)
        }
    }

    /// Nanoseconds a frame, behind one turn that fetches what the other subjects have pushed out.
    private func sample(_ subject: Int, _ count: Int) throws -> Double {
        let (taps, turns) = (taps[subject].prefix(count), (Self.frames + count - 1) / count)
        for tap in taps { try tap.write(Self.frame) }
        let time = try ThreadCPU.time { for _ in 0..<turns { for tap in taps { try tap.write(Self.frame) } } }
        written[subject] += (turns + 1) * count
        return time / .nanoseconds(turns * count)
    }
}

/// What is attached to all taps of a subject.
private protocol TapTurnsSubject: AnyObject {
    var name: String { get }
    func attach(to interfaces: [NetworkInterface]) throws
    /// nil where nothing is counted.
    func countedPackets() throws -> UInt64?
}

private final class NoProgramTurns: TapTurnsSubject {
    let name = "no program"

    func attach(to interfaces: [NetworkInterface]) {}
    func countedPackets() -> UInt64? { nil }
}

/// One for all taps.
private final class EmptyProgramTurns: TapTurnsSubject {
    let name = "empty program"
    private let program: PlainSubject
    private var attachments: [HeldAttachment] = []

    init() throws { program = try PlainSubject(.empty, types: [.tc]) }

    func attach(to interfaces: [NetworkInterface]) throws {
        try program.withProgram(.tc) { program in
            attachments = try interfaces.map { try HeldAttachment(program, to: $0) }
        }
    }

    func countedPackets() -> UInt64? { nil }
}

/// Weir as it is: ports that share a program.
private final class SharedProgramTurns: TapTurnsSubject {
    let name = "Weir"
    private let directory = PinDirectory(
        base: "/sys/fs/bpf/weir-bench-turns-\(ProcessInfo.processInfo.processIdentifier)")
    private let installation: HeldInstallation

    init() throws { installation = try HeldInstallation(directory) }

    func attach(to interfaces: [NetworkInterface]) throws {
        let requests = interfaces.map { AttachRequest($0, AttachOptions(hook: .tc)) }
        for outcome in try installation.value.attach(requests) {
            guard case .attached = outcome else { throw BenchFailure(description: "a tap is not attached: \(outcome)") }
        }
    }

    func countedPackets() throws -> UInt64? {
        try installation.value.attachedPorts().reduce(0) { sum, port in
            sum + (try installation.value.tables.lifetimeTotals(of: port)?.egress.seen.packets ?? 0)
        }
    }
}

/// Weir as it was: a copy of the program for each port, on the same tables.
private final class CopiedProgramTurns: TapTurnsSubject {
    let name = "Weir, a copy a port"
    private let tables: FlowTables
    private let ports: [RegisteredPort]
    private var attachments: [HeldAttachment] = []

    init(ports count: Int) throws {
        let tables = try FlowTables.create(try TableRequest(flowBudget: Settings.usualBudget).geometry())
        ports = try (1...count).map { try tables.maps.addWithoutInterface(PortNumber(UInt16($0)), role: .guest) }
        self.tables = tables
    }

    func attach(to interfaces: [NetworkInterface]) throws {
        attachments = try zip(ports, interfaces).map { port, interface in
            let program = try tables.load(.tcFromPort, for: port)
            return try HeldAttachment(program.loaded, to: interface)
        }
    }

    func countedPackets() throws -> UInt64? {
        try ports.reduce(0) { $0 + (try tables.lifetimeTotals(of: $1)?.egress.seen.packets ?? 0) }
    }
}

private final class HeldAttachment {
    private let attachment: TemporaryAttachment

    init(_ program: borrowing BPFProgram, to interface: NetworkInterface) throws {
        attachment = try TemporaryAttachment(program, to: interface)
    }
}

/// An installation that takes its ports and pins with it.
private final class HeldInstallation {
    let value: Installation

    init(_ directory: PinDirectory) throws {
        value = try Installation.openOrCreate(directory, TableRequest(flowBudget: Settings.usualBudget))
    }

    deinit {
        for port in (try? value.attachedPorts()) ?? [] { try? value.detach(port) }
        try? value.removeIfUnused()
    }
}
