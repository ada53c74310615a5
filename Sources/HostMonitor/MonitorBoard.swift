// SPDX-License-Identifier: Apache-2.0

package import FlowModel
import Host
import Synchronization

/// Where the figures of the host, of ports and of machines come together: each is written by the thread that reads it. Held for as long as a
/// copy takes.
package final class MonitorBoard: Sendable {
    /// What libvirt says of machines, and why that is missing or old.
    package struct Machines: Sendable {
        package var reports: [MachineReport] = []
        package var failure: String?

        package init() {}
    }

    /// Figures of that age are not stale, however short the interval is: a call that hangs is given up before.
    private static let leastAge = Duration.seconds(10)

    private struct State: Sendable {
        var interval = Duration.zero
        var host = HostReport()
        var ports: [MonitoredPort] = []
        var portsRead: MonotonicTime?
        var machines: @Sendable (ClockAnchor, Duration) -> Machines = { _, _ in Machines() }
    }

    private let state = Mutex(State())

    package init() {}

    /// How often figures are read; zero: none are, and those that were are forgotten.
    package var interval: Duration {
        get { state.withLock(\.interval) }
        set {
            state.withLock { state in
                state.interval = newValue
                if newValue == .zero { (state.host, state.ports, state.portsRead) = (HostReport(), [], nil) }
            }
        }
    }

    /// - Parameter machines: called at each report, on its thread, with the time and how old figures may be that are not stale.
    package func follow(_ machines: @escaping @Sendable (ClockAnchor, Duration) -> Machines) {
        state.withLock { $0.machines = machines }
    }

    func take(_ host: HostReport) { state.withLock { if $0.interval > .zero { $0.host = host } } }

    /// - Parameter ports: their counters, without rates.
    package func take(_ ports: [MonitoredPort], read now: MonotonicTime) {
        state.withLock { state in
            var ports = ports
            if let last = state.portsRead {
                let interval = Interval(seconds: last.duration(to: now) / .seconds(1))
                let old = Dictionary(state.ports.map { ($0.interface, $0) }) { first, _ in first }
                for index in ports.indices {
                    guard let old = old[ports[index].interface], old.index == ports[index].index else { continue }
                    ports[index].egress.addRates(since: old.egress, over: interval)
                    ports[index].ingress.addRates(since: old.ingress, over: interval)
                }
            }
            (state.ports, state.portsRead) = (ports, now)
        }
    }

    /// All of it now. For the ports' network namespace.
    package var report: MonitorReport {
        let now = ClockAnchor.now
        let state = state.withLock(\.self)
        let machines = state.machines(now, max(state.interval * 3, Self.leastAge))
        var report = MonitorReport()
        report.timeMilliseconds = now.realtime.milliseconds
        report.intervalSeconds = state.interval / .seconds(1)
        report.host = state.host
        report.ports = state.ports.map { $0.withoutLostIndex }
        report.machines = machines.reports
        report.failure = machines.failure
        return report
    }
}

extension MonitoredPort {
    fileprivate var withoutLostIndex: MonitoredPort {
        guard let index, NetworkInterface.name(ofIndex: UInt32(index)) != interface else { return self }
        var port = self
        port.index = nil
        return port
    }
}
