// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowMeter
import FlowModel
import FlowRecorder
import FlowStore
import FlowTestKit
import FlowVerdict
import Foundation
import Host
import Logging
import SystemPackage
import WeirDaemon

/// A port under a meter, its journal and the store, as the daemon has them: from slots at rest to a segment of the store.
///
/// No two flows have the same addresses, ports and counts, so that the lines compress no better than those of a host.
/// All is done on one thread, whose CPU time is all that it costs; the daemon publishes on a second one.
final class PublishingPath {
    private static let port = Port(
        number: EngineSubject.port, name: "bench0", role: .guest,
        identity: PortIdentity(
            accountID: "123456789010", interfaceID: "eni-1235b8ca123456789", region: "us-east-1"))
    private static let ports = [port.number: port]

    private let engine: Engine
    private let flows: Int
    private let program: Program
    private var meter: FlowMeter<KernelFlowSource>
    private let folder: URL
    private var journal: JournalKeeper<Journal>
    private let store: WindowStore
    private var sequence: FlowSequence

    init(_ engine: Engine, flows: Int) throws {
        let tables = try engine.makeTables(roomFor: flows)
        let port = try tables.maps.addWithoutInterface(Self.port.number, role: .guest)
        self.engine = engine
        self.flows = flows
        program = try tables.load(.tcFromPort, for: port)
        let (now, number, installation) = (ClockAnchor.now, tables.control.window, tables.control.installation)
        meter = FlowMeter(
            source: try KernelFlowSource(tables: tables), interval: .seconds(86_400), openWindow: number, opened: now,
            now: now)
        // Not /tmp, which may be memory.
        folder = URL(filePath: "/var/tmp/weir-bench-\(UUID().uuidString)", directoryHint: .isDirectory)
        let state = try StateDirectory(folder.appending(path: "state").path)
        let logger = Logger(label: "weir-bench")
        store = WindowStore(
            try StoreWriter(
                FilePath(folder.appending(path: "flows").path), StoreRetention(age: .seconds(86_400), bytes: .max)),
            judges: JudgeChain(policy: NoJudge()), logger: logger)
        journal = JournalKeeper(
            journal: try Journal.open(state.journal).journal, installation: installation, logger: logger)
        let packets = Self.packets(of: flows)
        sequence = try FlowSequence(room: packets.count)
        sequence.fill(packets)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// One packet a flow for half of them, two for a quarter, and so on, in an order that nothing can foresee.
    private static func packets(of flows: Int) -> [UInt32] {
        var generator = SplitMix64(seed: Settings.seed)
        var packets = (0..<UInt32(flows)).flatMap { flow in
            Array(repeating: flow, count: 1 + generator.next().trailingZeroBitCount)
        }
        packets.shuffle(using: &generator)
        return packets
    }

    func figure(rounds: Int) throws -> PublishedFigure {
        let replay = try FrameReplay(.scattered, of: sequence, through: program.loaded)
        replay.rewind(sequence)
        var samples = Array(repeating: Samples(), count: 3)
        for _ in 0..<rounds {
            try replay.run(packets: sequence.length)
            var time = Duration.zero
            for (index, step) in try steps().enumerated() {
                time += step
                samples[index].append(time / .nanoseconds(flows))
            }
        }
        return PublishedFigure(
            subject: engine.rawValue, flows: flows, merged: samples[0].figure, journaled: samples[1].figure,
            stored: samples[2].figure, bytesARecord: try bytesARecord(rounds: rounds))
    }

    /// Of what is on the disk, which must be all.
    private func bytesARecord(rounds: Int) throws -> Double {
        guard store.contents.segments == rounds else {
            throw BenchFailure(description: "\(store.contents.segments) of \(rounds) windows are in the store")
        }
        return Double(store.contents.bytes) / Double(flows * rounds)
    }

    /// Takes a window all the way; returns the CPU time of each step. The swap and the disk sleep, which leaves them out.
    private func steps() throws -> [Duration] {
        var part: WindowPart?
        let merging = try ThreadCPU.time { part = try meter.takeLast(at: .now) }
        guard let taken = part.take() else { throw BenchFailure(description: "the meter closed no window") }
        guard taken.flows.count == flows else {
            throw BenchFailure(description: "\(taken.flows.count) of \(flows) flows are in the window")
        }
        journal.keep(taken, ports: Self.ports)
        var safe: SafeWindow?
        let journaling = try ThreadCPU.time { safe = try journal.settle(&meter) }
        guard let window = safe.take() else {
            throw BenchFailure(description: journal.failure ?? "the journal took no window")
        }
        var outcome: WindowStore.Outcome?
        let storing = ThreadCPU.time { outcome = store.deliver(WaitingWindow(window)) }
        guard case .stored(var content, flows)? = outcome.take(), store.failure == nil else {
            throw BenchFailure(description: store.failure ?? "the store took no window")
        }
        meter.recycle(&content.window)
        return [merging, journaling, storing]
    }
}

/// A host without a policy.
private struct NoJudge: VerdictJudge {
    func judge(of window: Window) -> (any WindowJudge)? { nil }
}
