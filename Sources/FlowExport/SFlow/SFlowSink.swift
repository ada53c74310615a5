// SPDX-License-Identifier: Apache-2.0

import FlowFormats
package import FlowModel
package import Host
package import HostMonitor
package import SystemPackage

/// Sends counters of the host, its machines and its ports to sFlow collectors, each the same datagrams.
///
/// UDP: what is lost on the way is not sent again. What the kernel does not take is counted.
package final class SFlowSink: StateSink {
    private var lines: [CollectorLine]
    private let agent: IPAddress?
    private let interval: Duration
    private let clock: any HostClock
    private let start: MonotonicTime
    private var numbers: MachineNumbers
    private var samples = SFlowAgent()
    /// Collectors and files that fail, as they were said.
    private var said: Set<String> = []
    private var notices: [String] = []
    private var due: MonotonicTime

    /// How much earlier a report is taken, rather than one an interval of the feed later.
    private static let earliness = Duration.milliseconds(500)

    /// - Parameters:
    ///   - agent: by which collectors tell agents apart; nil is the address that datagrams to the first collector come from.
    ///   - folder: keeps the numbers of machines.
    package init(
        to collectors: [CollectorAddress], agent: IPAddress?, interval: Duration, folder: FilePath,
        clock: any HostClock = SystemClock()
    ) {
        lines = collectors.map(CollectorLine.init)
        self.agent = agent
        self.interval = interval
        self.clock = clock
        start = clock.now.monotonic
        due = start
        numbers = MachineNumbers(in: folder)
    }

    package var isDue: Bool { clock.now.monotonic.advanced(by: Self.earliness) >= due }

    /// Throws where no collector can be sent to.
    package func update(_ report: MonitorReport) throws {
        let now = clock.now.monotonic
        guard let agent = agent ?? ownAddress() else { throw Unreachable(lines) }
        samples.add(report, &numbers)
        var failures: [String] = []
        do throws(ExportError) { try numbers.save() } catch { failures.append("\(error)") }
        let uptime = UInt32(truncatingIfNeeded: start.duration(to: now).wholeNanoseconds / 1_000_000)
        let datagrams = samples.takeDatagrams(agent: agent, uptime: uptime)
        for index in lines.indices { lines[index].send(datagrams) }
        let reached = lines.contains { $0.failure == nil }
        if reached { failures += lines.compactMap { $0.failure.map { "\($0)" } } }
        notices += failures.filter { !said.contains($0) }
        said = Set(failures)
        guard reached else { throw Unreachable(lines) }
        due = max(due, now.advanced(by: .zero - interval)).advanced(by: interval)
    }

    package func takeNotices() -> [String] {
        defer { notices = [] }
        return notices
    }

    package func count(into report: inout StateReport) {
        report.datagrams = lines.reduce(0) { $0 + $1.datagrams }
        report.datagramsDropped = lines.reduce(0) { $0 + $1.dropped }
    }

    private func ownAddress() -> IPAddress? {
        for index in lines.indices {
            if let address = lines[index].ownAddress() { return address }
        }
        return nil
    }
}

/// No collector can be sent to.
private struct Unreachable: Error, CustomStringConvertible {
    let description: String

    init(_ lines: [CollectorLine]) {
        description = lines.compactMap { $0.failure.map { "\($0)" } }.joined(separator: "; ")
    }
}
