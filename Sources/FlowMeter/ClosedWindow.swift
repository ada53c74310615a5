// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// All that was counted in one window, merged over the CPUs and over its parts.
package struct ClosedWindow: Sendable {
    /// Its number is that of the last part: what the source still holds.
    package var window: Window
    package var anchor: ClockAnchor
    package var flows: FlowTable
    package var totals: [PortSide: PortTotals]
    /// How often its counters were drained: 1, and 1 more for each early swap.
    package var parts: Int

    package init(
        window: Window, anchor: ClockAnchor, flows: FlowTable, totals: [PortSide: PortTotals], parts: Int = 1
    ) {
        self.window = window
        self.anchor = anchor
        self.flows = flows
        self.totals = totals
        self.parts = parts
    }

    /// Whether anything was counted at all.
    package var isEmpty: Bool { flows.isEmpty && totals.values.allSatisfy { $0.seen.isZero } }
}

/// A port whose frames are not all accounted for. There must be none.
package struct ConservationViolation: Equatable, Sendable, CustomStringConvertible {
    package let side: PortSide
    package let totals: PortTotals
    /// What the flow records of this port and direction add up to.
    package let recorded: PacketCount

    package var description: String {
        let explained = recorded + totals.overflow + totals.notIP + totals.malformed
        return """
            port \(side.port.rawValue) \(side.direction): seen \(totals.seen.packets) packets and \(totals.seen.octets) octets, \
            explained \(explained.packets) and \(explained.octets)
            """
    }
}

extension ClosedWindow {
    /// Checks the conservation law: seen = in flow records + overflow + not IP + malformed, exactly.
    package var violations: [ConservationViolation] {
        let recorded = flows.recorded
        return Set(totals.keys).union(recorded.keys).compactMap { side in
            let totals = totals[side] ?? PortTotals()
            let recorded = recorded[side] ?? .zero
            if totals.obeysConservation(recorded: recorded) { return nil }
            return ConservationViolation(side: side, totals: totals, recorded: recorded)
        }
    }
}

extension ClosedWindow {
    /// The lines of the window's log: every flow of the ports given, and for each port NODATA where no IP packet was
    /// seen, SKIPDATA where packets found no slot.
    ///
    /// A flow of a port that is not given gets no line: the register forgets a port only after its last window.
    package func entries(ports: [PortNumber: Port]) -> [LogEntry] {
        var entries: [LogEntry] = []
        entries.reserveCapacity(flows.count + ports.count)
        for (key, counters) in flows {
            guard let port = ports[key.port] else { continue }
            entries.append(.flow(record(of: key, counters, port: port)))
        }
        for port in ports.values.sorted(by: { $0.number < $1.number }) {
            if let entry = statusEntry(of: port) { entries.append(entry) }
        }
        return entries
    }

    private func record(of key: FlowKey, _ counters: FlowCounters, port: Port) -> FlowRecord {
        FlowRecord(
            port: port, window: window, key: key, count: counters.count,
            first: time(of: counters.first), last: time(of: counters.last),
            tcpControlBits: counters.tcpControlBits, tcpFlags: counters.tcpFlags, dscp: counters.dscp,
            sourceMAC: counters.sourceMAC, destinationMAC: counters.destinationMAC,
            verdict: key.direction == port.role.directionToPort ? .accept(.observed) : .unknown)
    }

    /// The wall-clock time of a packet, inside the window.
    ///
    /// The swap decides to which window a packet belongs, and it comes some milliseconds after the edge; the kernel's
    /// coarse clock lags by up to a tick. Neither may put a packet's second outside of its window.
    private func time(of moment: MonotonicTime) -> UnixTime {
        let last = max(window.start, window.end.advanced(by: .nanoseconds(-1)))
        return min(max(anchor.realtime(of: moment), window.start), last)
    }

    private func statusEntry(of port: Port) -> LogEntry? {
        let totals = Direction.allCases.reduce(into: PortTotals()) { sum, direction in
            sum += self.totals[PortSide(port: port.number, direction: direction)] ?? PortTotals()
        }
        if !totals.overflow.isZero { return .skipData(port: port, window: window, overflow: totals.overflow) }
        return totals.ip.isZero ? .noData(port: port, window: window) : nil
    }
}
