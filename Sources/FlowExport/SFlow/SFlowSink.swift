// SPDX-License-Identifier: Apache-2.0

package import FlowModel
package import Host
package import HostMonitor
package import SystemPackage

/// Sends counters of the host, its machines and its ports to sFlow collectors, each the same datagrams.
///
/// UDP: what is lost on the way is not sent again. What the kernel does not take is counted.
package final class SFlowSink: StateSink {
    private let stream: SFlowStream
    private let interval: Duration
    private let clock: any HostClock
    private var numbers: MachineNumbers
    /// Collectors and files that fail, as they were said.
    private var said: Set<String> = []
    private var notices: [String] = []
    private var due: MonotonicTime

    /// How much earlier a report is taken, rather than one an interval of the feed later.
    private static let earliness = Duration.milliseconds(500)

    /// - Parameter folder: keeps the numbers of machines.
    package init(
        _ stream: SFlowStream, interval: Duration, folder: FilePath, clock: any HostClock = SystemClock()
    ) {
        self.stream = stream
        self.interval = interval
        self.clock = clock
        due = clock.now.monotonic
        numbers = MachineNumbers(in: folder)
    }

    /// The same with datagrams of its own.
    package convenience init(
        to collectors: [CollectorAddress], agent: IPAddress?, interval: Duration, folder: FilePath,
        clock: any HostClock = SystemClock()
    ) {
        self.init(
            SFlowStream(to: collectors, agent: agent, clock: clock), interval: interval, folder: folder, clock: clock)
    }

    package var isDue: Bool { clock.now.monotonic.advanced(by: Self.earliness) >= due }

    /// Throws where no collector can be sent to.
    package func update(_ report: MonitorReport) throws {
        let now = clock.now.monotonic
        var failures = try stream.send { $0.add(report, &numbers) }
        do throws(ExportError) { try numbers.save() } catch { failures.append("\(error)") }
        notices += failures.filter { !said.contains($0) }
        said = Set(failures)
        due = max(due, now.advanced(by: .zero - interval)).advanced(by: interval)
    }

    package func takeNotices() -> [String] {
        defer { notices = [] }
        return notices
    }

    package func count(into report: inout StateReport) {
        let datagrams = stream.datagrams
        (report.datagrams, report.datagramsDropped) = (datagrams.sent, datagrams.dropped)
    }
}
