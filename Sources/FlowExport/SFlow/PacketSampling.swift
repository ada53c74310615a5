// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Host

/// Gathers what programs copy into their ring, and has each sink that wants samples send them, a second after they were copied at the latest.
///
/// The daemon is asked what was seen at the ports after the copies were read: so a sample's pool is exact at that moment, and no packet is
/// missing in it that was seen before. Used from one thread.
package final class PacketSampling {
    private let sinks: [SFlowSampler]
    private let ask: () -> SamplingReport?
    private let clock: any HostClock
    private var copies: [PacketCopy] = []
    private var missed: [PortNumber: MissedCopies] = [:]
    /// When the first of them came.
    private var began: MonotonicTime?
    private var sent: MonotonicTime?

    /// A copy is sent no later.
    private static let longestWait = Duration.milliseconds(900)
    /// As many as some datagrams have room for are sent as soon as the daemon may be asked again.
    private static let batch = 48
    private static let shortestWait = Duration.milliseconds(20)
    /// More are thrown away: the daemon does not answer, or there is more than can be sent.
    private static let mostCopies = 16_384

    /// - Parameter ask: asks the daemon.
    package init(
        _ sinks: [SFlowSampler], clock: any HostClock = SystemClock(), asking ask: @escaping () -> SamplingReport?
    ) {
        self.sinks = sinks
        self.ask = ask
        self.clock = clock
    }

    /// What each sink was given, by its name.
    package var counts: [String: SampleCounts] {
        Dictionary(sinks.map { ($0.name, $0.counts) }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes what was in the ring.
    package func take(_ copy: PacketCopy) {
        if began == nil { began = clock.now.monotonic }
        guard copies.count < Self.mostCopies else { return miss(copy) }
        copies.append(copy)
    }

    /// For how long nothing is to be sent, if nothing comes; nil where nothing waits.
    package var rest: Duration? {
        guard let began else { return nil }
        let now = clock.now.monotonic
        guard copies.count >= Self.batch else {
            return max(.zero, now.duration(to: began.advanced(by: Self.longestWait)))
        }
        return sent.map { max(.zero, now.duration(to: $0.advanced(by: Self.shortestWait))) } ?? .zero
    }

    /// Sends what is due.
    package func sendDue() { if rest == .zero { sendAll() } }

    /// Sends all that waits.
    package func sendAll() {
        guard began != nil else { return }
        sent = clock.now.monotonic
        began = nil
        guard let report = ask() else {
            for copy in copies { miss(copy) }
            return copies.removeAll(keepingCapacity: true)
        }
        let ports = Dictionary(
            report.ports.map { (PortNumber(UInt16(clamping: $0.number)), $0) }, uniquingKeysWith: { first, _ in first })
        for sink in sinks { sink.send(copies, ports, missed: missed) }
        copies.removeAll(keepingCapacity: true)
        missed = [:]
    }

    private func miss(_ copy: PacketCopy) {
        switch copy.cause {
        case .sample: missed[copy.port, default: MissedCopies()].samples += UInt64(copy.samples)
        case .discarded: missed[copy.port, default: MissedCopies()].discards += UInt64(copy.packets)
        }
    }
}
