// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowMeter
import FlowModel
import Reporting
import Testing
import WeirConfiguration

@Suite struct MetricsTests {
    @Test(arguments: [
        ("9469", "127.0.0.1:9469"), ("10.0.0.1:80", "10.0.0.1:80"), ("[::1]:9469", "[::1]:9469"),
        ("0.0.0.0:65535", "0.0.0.0:65535"),
    ])
    func `a port alone is one of the loopback interface`(text: String, address: String) {
        #expect(MetricsAddress(text)?.description == address)
    }

    @Test(arguments: [
        "", "0", "65536", ":9469", "localhost:9469", "::1:9469", "[10.0.0.1]:9469", "10.0.0.1", "10.0.0.1:", "+1",
    ])
    func `what is no address with a port is not taken`(text: String) {
        #expect(MetricsAddress(text) == nil)
    }

    private func totals(_ seen: UInt64, overflow: UInt64 = 0, notIP: UInt64 = 0) -> PortTotals {
        var totals = PortTotals()
        totals.seen = PacketCount(packets: seen, octets: seen * 100)
        totals.overflow = PacketCount(packets: overflow, octets: overflow * 100)
        totals.notIP = PacketCount(packets: notIP, octets: notIP * 100)
        totals.ip = totals.seen - totals.notIP
        return totals
    }

    private func port(_ number: UInt16, _ name: String) -> (PortNumber, Port) {
        (PortNumber(number), Port(number: PortNumber(number), name: name, role: .guest))
    }

    @Test func `windows add up by the name of the port, and one that is gone is forgotten`() {
        var ledger = PortLedger()
        let tap = PortSide(port: PortNumber(1), direction: .egress)
        let both = Dictionary(uniqueKeysWithValues: [port(1, "tap0"), port(2, "tap1")])
        ledger.add([tap: totals(10, overflow: 2, notIP: 3)], known: both)
        ledger.add([tap: totals(5)], known: both)
        #expect(ledger.ports["tap0"]?.egress == totals(15, overflow: 2, notIP: 3))
        #expect(ledger.ports["tap1"] == PortLedger.DirectionCounts())
        ledger.add([:], known: Dictionary(uniqueKeysWithValues: [port(2, "tap1")]))
        #expect(ledger.ports.keys.sorted() == ["tap1"])
        #expect(ledger.all == totals(15, overflow: 2, notIP: 3))
    }

    @Test func `the outcomes of a port's packets add up to what was seen`() throws {
        var ledger = PortLedger()
        ledger.add(
            [PortSide(port: PortNumber(1), direction: .ingress): totals(10, overflow: 2, notIP: 3)],
            known: Dictionary(uniqueKeysWithValues: [port(1, "tap0")]))
        let report = DaemonReport(
            LifeReport(pid: 1, bpffs: "/sys/fs/bpf/weir", startedSeconds: 0, intervalSeconds: 60))
        let page = MetricsText(DaemonMetrics.all, of: DaemonMetrics(report: report, ports: ledger))
        let text = String(decoding: page.bytes, as: UTF8.self)
        let lines = text.split(separator: "\n").filter {
            $0.hasPrefix("weir_port_packets_total{port=\"tap0\",direction=\"in")
        }
        #expect(
            lines.map { $0.drop { $0 != " " } } == [" 5", " 2", " 3", " 0"]
                && lines.map { $0.contains("outcome=\"recorded\"") } == [true, false, false, false])
    }
}
