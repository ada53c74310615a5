// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowFormats
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host

/// A port under a meter: from slots at rest to merged records, and on to AWS text in a buffer that is reused.
///
/// The only place of the bench that knows how a window is collected and written.
final class RecordPath {
    private static let port = Port(number: EngineSubject.port, name: "bench0", role: .guest)

    let engine: Engine
    private let flows: Int
    private let program: Program
    private var meter: FlowMeter<KernelFlowSource>
    private var sequence: FlowSequence
    private var encoder = AWSTextFormat.default.makeEncoder()
    private var bytes: [UInt8] = []

    init(_ engine: Engine, flows: Int) throws {
        let tables = try engine.makeTables(roomFor: flows)
        let port = try tables.maps.addWithoutInterface(Self.port.number, role: .guest)
        self.engine = engine
        self.flows = flows
        program = try tables.load(.tcFromPort, for: port)
        let now = ClockAnchor.now
        let number = tables.control.window
        meter = FlowMeter(
            source: try KernelFlowSource(tables: tables), interval: .seconds(86_400), openWindow: number, opened: now,
            now: now)
        sequence = try FlowSequence(room: flows)
        var generator = SplitMix64(seed: Settings.seed)
        sequence.fill(FlowDistribution.uniform.sequence(packets: flows, flows: flows, using: &generator))
    }

    func figure(rounds: Int) throws -> RecordFigure {
        let replay = try FrameReplay(.ipv4, of: sequence, through: program.loaded)
        replay.rewind(sequence)
        var merged = Samples()
        var formatted = Samples()
        for _ in 0..<rounds {
            try replay.run(packets: flows)
            let (merging, formatting) = try collect()
            merged.append(merging / .nanoseconds(flows))
            formatted.append((merging + formatting) / .nanoseconds(flows))
        }
        return RecordFigure(
            subject: engine.rawValue, flows: flows, merged: merged.figure, formatted: formatted.figure)
    }

    /// Swaps, drains and merges; then formats. The swap sleeps, so that CPU time leaves it out.
    private func collect() throws -> (merging: Duration, formatting: Duration) {
        var window: ClosedWindow?
        let merging = try ThreadCPU.time { window = try meter.cutShort(at: .now) }
        guard let window = window.take() else { throw BenchFailure(description: "the meter closed no window") }
        bytes.removeAll(keepingCapacity: true)
        let formatting = ThreadCPU.time { format(window) }
        try check(window)
        try meter.release(window)
        return (merging, formatting)
    }

    private func format(_ window: ClosedWindow) {
        _ = window.forEachRecord(ports: [Self.port.number: Self.port]) { encoder.append($0, to: &bytes) }
    }

    private func check(_ window: ClosedWindow) throws {
        let lines = bytes.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        guard window.flows.count == flows, lines == flows, window.violations.isEmpty else {
            throw BenchFailure(
                description:
                    "\(engine.rawValue) gave \(window.flows.count) records and \(lines) lines for \(flows) flows")
        }
    }
}
