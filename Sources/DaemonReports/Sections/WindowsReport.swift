// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel
package import Reporting

/// What came of closed windows: whether all is accounted for. Counts are since the daemon started.
package struct WindowsReport: ReportSection {
    package var closed: UInt64 = 0
    package var violations: UInt64 = 0
    package var unaccountedPackets: UInt64 = 0
    package var last: WindowCounts?

    package init() {}

    package static let facts = [
        Fact<Self>(
            "windows", \.closed, "Windows closed, with their records safe.", .counter, "weir_windows_closed_total"),
        Fact(
            "conservation_violations", \.violations,
            "Ports and directions of a window whose frames were not all accounted for. Must be 0.", .counter,
            "weir_conservation_violations_total"),
        Fact(
            "unaccounted_packets", \.unaccountedPackets, "Packets that these were about. Must be 0.", .counter,
            "weir_unaccounted_packets_total"),
        Fact(
            "last_window", \.last,
            "What each port counted in the window that was closed last; left out before the first."),
    ]

    package var lines: [ReportLine] {
        let law = "seen = in records + overflow + not IP + malformed"
        return [ReportLine("packets", "\(unaccountedPackets) unaccounted: \(law)")]
    }

    package var concerns: [Concern] {
        let overflow = (last?.ports ?? [:]).values.reduce(0) {
            $0 + $1.ingress.overflowPackets + $1.egress.overflowPackets
        }
        let full = "\(counted(overflow, "packet")) of the last window found no room in the table"
        return (violations > 0 ? [.critical("\(counted(unaccountedPackets, "packet")) unaccounted")] : [])
            + (overflow > 0 ? [.warning(full)] : [])
    }
}

/// What ports counted in one window.
package struct WindowCounts: Codable, Equatable, Sendable {
    package struct Port: Codable, Equatable, Sendable {
        package var ingress = Direction()
        package var egress = Direction()
    }

    package struct Direction: Codable, Equatable, Sendable {
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0
        package var overflowPackets: UInt64 = 0

        enum CodingKeys: String, CodingKey {
            case packets, bytes
            case overflowPackets = "overflow_packets"
        }
    }

    /// Of the window; of its last part, where it had several. nil of an earlier daemon.
    package var number: UInt32?
    package var seconds: Double
    /// By the interface's name.
    package var ports: [String: Port] = [:]
}

extension WindowCounts {
    /// - Parameter known: the ports that could have counted in it.
    package init(_ window: borrowing ClosedWindow, known: [PortNumber: FlowModel.Port]) {
        number = window.window.number
        seconds = window.window.start.duration(to: window.window.end) / .seconds(1)
        for port in known.values { ports[port.name] = Port() }
        for (side, totals) in window.totals {
            guard let name = known[side.port]?.name else { continue }
            switch side.direction {
            case .ingress: ports[name]?.ingress.add(totals)
            case .egress: ports[name]?.egress.add(totals)
            }
        }
    }
}

extension WindowCounts.Direction {
    fileprivate mutating func add(_ totals: PortTotals) {
        packets += totals.seen.packets
        bytes += totals.seen.octets
        overflowPackets += totals.overflow.packets
    }
}
