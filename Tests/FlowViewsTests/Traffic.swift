// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowStore
import FlowTestKit
import FlowViews

/// Records for rankings and charts.
enum Traffic {
    static func window(_ start: Int64, seconds: Int64 = 60) -> Window {
        Window(number: 1, start: UnixTime(seconds: start), end: UnixTime(seconds: start + seconds))
    }

    static func port(_ name: String, _ identity: PortIdentity = PortIdentity()) -> Port {
        Port(number: PortNumber(7), name: name, role: .guest, identity: identity)
    }

    static func flow(
        _ source: String, to destinationPort: UInt16 = 443, octets: UInt64, packets: UInt64 = 10, at start: Int64 = 0,
        isRejected: Bool = false, on name: String = "tap7"
    ) -> LogEntry {
        flow(
            source, to: destinationPort, octets: octets, packets: packets, at: start, isRejected: isRejected,
            on: port(name))
    }

    static func flow(
        _ source: String, to destinationPort: UInt16 = 443, octets: UInt64, packets: UInt64 = 10, at start: Int64 = 0,
        isRejected: Bool = false, on port: Port
    ) -> LogEntry {
        let key = FlowKey(
            port: PortNumber(7), direction: .ingress, transport: TransportNumber.tcp, source: IPAddress(source)!,
            destination: IPAddress("10.0.0.5"), sourcePort: 40_000, destinationPort: destinationPort)
        return .flow(
            FlowRecord(
                port: port, window: window(start), key: key,
                count: PacketCount(packets: packets, octets: octets), first: UnixTime(seconds: start + 1),
                last: UnixTime(seconds: start + 2),
                verdict: isRejected ? .reject(.policy, reason: .policy) : .accept(.observed)))
    }

    static func ranking(
        _ entries: [LogEntry], by names: String, _ measure: Measure = .bytes, seconds: Int64 = 100
    ) throws -> Ranking {
        let fields = try GroupField.list(names)
        return Ranking(
            StoreTotals(entries, by: fields.columns), by: fields, measure, start: 1000, end: 1000 + seconds)
    }
}
