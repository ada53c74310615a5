// SPDX-License-Identifier: Apache-2.0

import FlowFilter
import FlowModel

/// Lines that filters are tried on, by name.
enum FilteredLines {
    private static let window = Window(
        number: 1, start: UnixTime(nanoseconds: 0), end: UnixTime(nanoseconds: 60_000_000_000))
    private static let web = Port(
        number: PortNumber(1), name: "tap7", role: .guest,
        identity: PortIdentity(
            interfaceID: "eni-web", vpcID: "vpc-1", instanceID: "i-web-1", instanceName: "Web server 1",
            projectID: "p-1", projectName: "shop"))
    private static let data = Port(number: PortNumber(2), name: "tap12", role: .guest)

    private static func flow(
        _ port: Port, _ direction: Direction, _ transport: UInt8, from source: String, _ sourcePort: UInt16,
        to destination: String, _ destinationPort: UInt16, vlan: UInt16 = 0, octets: UInt64 = 1000,
        _ change: (inout FlowRecord) -> Void = { _ in }
    ) -> LogEntry {
        var record = FlowRecord(
            port: port, window: window,
            key: FlowKey(
                port: port.number, direction: direction, vlanID: vlan, transport: transport,
                source: IPAddress(source)!, destination: IPAddress(destination)!, sourcePort: sourcePort,
                destinationPort: destinationPort),
            count: PacketCount(packets: 10, octets: octets), first: window.start, last: window.start)
        change(&record)
        return .flow(record)
    }

    static let all: [(name: String, line: LogEntry)] = [
        (
            "ssh",
            flow(web, .ingress, 6, from: "192.0.2.7", 50_000, to: "10.0.0.5", 22, octets: 1_500_000) { record in
                record.tcpControlBits = 0x12
                record.tcpFlags = 0x12
                record.verdict = .reject(.policy, reason: .policy, rule: RuleName("no ssh"))
                record.sourceMAC = MACAddress("52:54:00:00:00:01")
                record.destinationMAC = MACAddress("52:54:00:00:00:02")
            }
        ),
        (
            "web",
            flow(web, .ingress, 6, from: "192.0.2.7", 50_001, to: "10.0.0.5", 443, octets: 80) { record in
                record.tcpControlBits = 0x02
                record.tcpFlags = 0x02
                record.verdict = .accept(.observed)
                record.dscp = 46
                record.sourceName = EndName("office")
                record.destinationName = EndName("Web server 1")
            }
        ),
        ("dns", flow(data, .egress, 17, from: "fd00::9", 53, to: "2001:db8::1", 40_000, vlan: 100)),
        ("ping", flow(data, .egress, 1, from: "10.0.0.9", 8, to: "10.0.0.5", 0, vlan: 100)),
        (
            "arp",
            .unparsed(
                port: data, window: window,
                UnparsedFrames(
                    direction: .egress, reason: .notIP, count: PacketCount(packets: 3, octets: 126),
                    verdict: .accept(.observed)))
        ),
        ("nodata", .noData(port: web, window: window)),
        ("skipdata", .skipData(port: data, window: window, overflow: PacketCount(packets: 7, octets: 700))),
    ]

    /// The names of the lines that the filter chooses.
    static func chosen(by filter: FlowFilter) -> [String] {
        all.filter { filter.matches($0.line) }.map(\.name)
    }
}
