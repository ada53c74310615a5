// SPDX-License-Identifier: Apache-2.0

import FlowExport
import Foundation
import Host
import Synchronization

/// Reads the ring that programs copy packets into, and has samples sent of them.
final class SamplingThread: Sendable {
    private struct State {
        /// That the thread does not have yet.
        var ring: RecordRing?
        var counts: [String: SampleCounts]
        var isFinishing = false
    }

    private let state: Mutex<State>
    private let bell: Bell
    private let thread: Mutex<HostThread<Void>?> = Mutex(nil)

    /// Copies that come within this time are read at one go.
    private static let gathering = Duration.milliseconds(20)
    private static let mostAtOnce = 4096
    private static let longestRest = Duration.seconds(60)

    /// Begins to wait for a ring.
    ///
    /// - Parameter say: told what an operator should know.
    init(
        _ sinks: sending [SFlowSampler], _ feed: MonitorFeed,
        say: @escaping @Sendable (SinkRunner.Severity, String) -> Void
    ) throws {
        bell = try Bell()
        let sampling = PacketSampling(sinks, asking: feed.askSampling)
        state = Mutex(State(counts: sampling.counts))
        let box = Mutex<PacketSampling?>(sampling)
        let started = HostThread(named: "samples") { [self] in
            if let sampling = box.withLock({ $0.take() }) { follow(sampling, say) }
        }
        thread.withLock { $0 = started }
    }

    /// What each sink was given, by its name.
    var counts: [String: SampleCounts] { state.withLock(\.counts) }

    /// Goes on with another ring; what is left in the one before is not read.
    func take(_ ring: RecordRing) {
        state.withLock { $0.ring = ring }
        bell.ring()
    }

    /// Has all sent that is in the ring; blocks until that is done.
    func finish() {
        state.withLock { $0.isFinishing = true }
        bell.ring()
        _ = try? thread.withLock(\.self)?.wait()
    }

    private func follow(_ sampling: PacketSampling, _ say: (SinkRunner.Severity, String) -> Void) {
        var ring: RecordRing?
        while true {
            let (new, isFinishing) = state.withLock { ($0.ring.take(), $0.isFinishing) }
            ring = new ?? ring
            if let ring { read(ring, sampling, say) }
            if isFinishing { sampling.sendAll() } else { sampling.sendDue() }
            state.withLock { $0.counts = sampling.counts }
            if isFinishing { return }
            wait(ring, atMost: sampling.rest ?? Self.longestRest)
        }
    }

    private func read(_ ring: RecordRing, _ sampling: PacketSampling, _ say: (SinkRunner.Severity, String) -> Void) {
        while true {
            guard let records = ring.read(atMost: Self.mostAtOnce, length: PacketCopy.mostBytes) else {
                return say(.error, "what lies in the ring of samples is none, and is passed over")
            }
            for copy in records.lazy.compactMap({ PacketCopy($0) }) { sampling.take(copy) }
            sampling.sendDue()
            if records.count < Self.mostAtOnce { return }
        }
    }

    private func wait(_ ring: RecordRing?, atMost rest: Duration) {
        guard let ring else { return bell.wait(atMost: rest) }
        guard bell.wait(atMost: rest, orForReadable: ring.rawDescriptor) else { return }
        Thread.sleep(forTimeInterval: Self.gathering / .seconds(1))
    }
}
