// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel
import FlowTestKit
import Foundation
import Host
import HostMonitor
import Testing

/// What collectors get, as a decoder reads it that was written from the specification.
@Suite struct SFlowSinkTests {
    private static let unknown = SFlowDecoder.Value.wide(UInt64(UInt32.max))
    private let directory: TemporaryDirectory
    private let clock = SimulatedClock(
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000), realtime: UnixTime(seconds: examplePeriod))

    init() throws { directory = try TemporaryDirectory() }

    private func sink(_ collectors: [String], agent: IPAddress? = nil) -> SFlowSink {
        SFlowSink(
            to: collectors.compactMap { CollectorAddress($0) }, agent: agent, interval: .seconds(20),
            folder: directory.statePath, clock: clock)
    }

    /// What a collector gets of the reports, of the sources by class and index.
    private func samples(of reports: [MonitorReport]) throws -> [[UInt32]: [SFlowDecoder.Sample]] {
        let decoder = try SFlowDecoder()
        let sink = sink(["udp://127.0.0.1:\(decoder.port)"])
        for report in reports { try sink.update(report) }
        return Dictionary(grouping: try decoder.datagrams().flatMap(\.samples), by: \.source)
    }

    @Test func `the host's figures are the report's`() throws {
        let host = try #require(try samples(of: [.sflowExample])[[2, 1]]?.first).records
        #expect(Set(host.keys) == ["2000", "2001", "2003", "2004", "2005", "2006", "2100"])
        let description: [String: SFlowDecoder.Value] = [
            "hostname": "node1.example", "uuid": "00112233445566778899aabbccddeeff", "machine_type": 3, "os_name": 2,
            "os_release": "6.12.1",
        ]
        #expect(host["2000"] == description)
        #expect(host["2001"] == ["2": "52:54:00:ab:cd:ef", "3": "52:54:00:ab:cd:00", "11": "fe:54:00:00:00:01"])
        let processors: [String: SFlowDecoder.Value] = [
            "load_one": .number(0.5), "load_five": .number(1.25), "load_fifteen": .number(2.75), "proc_run": 3,
            "proc_total": 411, "cpu_num": 8, "cpu_speed": 2400, "uptime": 54_321, "user": 10_001, "nice": 20_002,
            "system": 30_003, "idle": .wide(5_000_000_004 - (1 << 32)), "wio": 40_004, "intr": 50_005,
            "sintr": 60_006, "interrupts": .wide(5_000_000_001 - (1 << 32)), "contexts": 123_456, "steal": 70_007,
            "guest": 80_008, "guest_nice": 90_009,
        ]
        #expect(host["2003"] == processors)
        let memory: [String: SFlowDecoder.Value] = [
            "total": .wide(64 << 30), "free": .wide(5 << 30), "shared": .wide(3 << 20), "buffers": .wide(7 << 20),
            "cached": .wide(9 << 30), "swap_total": .wide(8 << 30), "swap_free": .wide(6 << 30), "page_in": 1001,
            "page_out": 1002, "swap_in": 1003, "swap_out": 1004,
        ]
        #expect(host["2004"] == memory)
        let disks: [String: SFlowDecoder.Value] = [
            "total": .wide(1000 << 30), "free": .wide(250 << 30), "max_used": 7500, "reads": 203,
            "bytes_read": .wide(3 << 40), "read_time": 4500, "writes": 403, "bytes_written": .wide(3 << 41),
            "write_time": 7500,
        ]
        #expect(host["2005"] == disks)
        // Of eth0 and br0: not of lo, nor of the tap.
        #expect(host["2006"] == Self.traffic(1100))
        let node: [String: SFlowDecoder.Value] = [
            "mhz": 2400, "cpus": 8, "memory": .wide(64 << 30), "memory_free": .wide(5 << 30), "num_domains": 1,
        ]
        #expect(host["2100"] == node)
    }

    private static func traffic(_ base: UInt64) -> [String: SFlowDecoder.Value] {
        [
            "bytes_in": .wide(base << 35), "packets_in": .wide(base * 11), "errors_in": .wide(base * 13),
            "drops_in": .wide(base * 17), "bytes_out": .wide(base << 36), "packets_out": .wide(base * 19),
            "errors_out": .wide(base * 23), "drops_out": .wide(base * 29),
        ]
    }

    @Test func `of interfaces that are known to be devices only those make up the host's traffic`() throws {
        var report = MonitorReport.sflowExample
        for index in report.host.interfaces.indices { report.host.interfaces[index].isPhysical = index == 2 }
        let host = try #require(try samples(of: [report])[[2, 1]]?.first).records
        #expect(host["2006"] == Self.traffic(100))
    }

    @Test func `a machine's figures are the report's`() throws {
        let samples = try samples(of: [.sflowExample])
        let machine = try #require(samples[[3, 100_000]]?.first).records
        #expect(Set(machine.keys) == ["2000", "2001", "2002", "2101", "2102", "2103", "2104"])
        let description: [String: SFlowDecoder.Value] = [
            "hostname": "vm1", "uuid": "11111111222233334444555555555555", "machine_type": 0, "os_name": 0,
            "os_release": "",
        ]
        #expect(machine["2000"] == description)
        #expect(machine["2001"] == ["11": "52:54:00:00:00:01"])
        #expect(machine["2002"] == ["class": 2, "index": 1])
        #expect(machine["2101"] == ["state": 1, "cpu_time": 77_123, "cpus": 2])
        #expect(machine["2102"] == ["memory": .wide(2 << 30), "max_memory": .wide(4 << 30)])
        let machineDisks: [String: SFlowDecoder.Value] = [
            "capacity": .wide(40 << 30), "allocation": .wide(14 << 30), "available": .wide(26 << 30), "rd_req": 62,
            "rd_bytes": .wide(1 << 34), "wr_req": 74, "wr_bytes": .wide(1 << 35), "errs": Self.unknown,
        ]
        #expect(machine["2103"] == machineDisks)
        #expect(machine["2104"] == Self.traffic(3))
        #expect(samples[[3, 100_001]]?.first?.records["2101"] == ["state": 5, "cpu_time": 0, "cpus": 0])
    }

    @Test func `a port's counts are what Weir counts, as the interface sees them`() throws {
        let samples = try samples(of: [.sflowExample])
        let unknown = Self.unknown
        let common: [String: SFlowDecoder.Value] = [
            "type": 6, "direction": 0, "status": 3, "in_mcast": unknown, "in_bcast": unknown, "in_unknown": unknown,
            "out_mcast": unknown, "out_bcast": unknown, "promiscuous": 0,
        ]
        let guest = try #require(samples[[0, 11]]?.first).records
        #expect(guest["1005"] == ["name": "tap1"])
        let ofGuest: [String: SFlowDecoder.Value] = [
            "index": 11, "speed": 0, "in_octets": 8_589_934_599, "in_ucast": 1001, "in_discards": 11, "in_errors": 130,
            "out_octets": 17_179_869_193, "out_ucast": 2001, "out_discards": 21, "out_errors": 230,
        ]
        #expect(guest["1"] == common.merging(ofGuest) { $1 })
        let uplink = try #require(samples[[0, 2]]?.first).records
        let ofUplink: [String: SFlowDecoder.Value] = [
            "index": 2, "speed": 25_000_000_000, "in_octets": 34_359_738_377, "in_ucast": 2002, "in_discards": 22,
            "in_errors": 1300, "out_octets": 17_179_869_191, "out_ucast": 1002, "out_discards": 12, "out_errors": 2300,
        ]
        #expect(uplink["1"] == common.merging(ofUplink) { $1 })
    }

    @Test func `sequence numbers count each source's samples and the agent's datagrams, and uptime goes on`() throws {
        let decoder = try SFlowDecoder()
        let sink = sink(["udp://127.0.0.1:\(decoder.port)"], agent: "2001:db8::7")
        for _ in 0..<3 {
            try sink.update(.sflowExample)
            clock.advance(by: .seconds(20))
        }
        let datagrams = try decoder.datagrams()
        #expect(datagrams.map(\.sequence) == [1, 2, 3, 4, 5, 6])
        #expect(datagrams.map(\.uptime) == [0, 0, 20_000, 20_000, 40_000, 40_000])
        #expect(datagrams.allSatisfy { $0.agent == "2001:db8::7" && $0.subAgent == 200_000 })
        for (source, samples) in Dictionary(grouping: datagrams.flatMap(\.samples), by: \.source) {
            #expect(samples.map(\.sequence) == [1, 2, 3], "\(source)")
        }
        var report = StateReport()
        sink.count(into: &report)
        #expect(report.datagrams == 6 && report.datagramsDropped == 0)
    }

    @Test func `a thousand machines and ports come whole, in datagrams of at most 1400 bytes`() throws {
        var report = MonitorReport.sflowExample
        report.machines = (0..<1000).map { number in
            .sflowExample(String(repeating: "ä", count: 200), "machine-\(number)", tap: "tap\(number)")
        }
        report.ports = (0..<1000).map { MonitorReport.port("tap\($0)", 100 + $0, "guest", UInt64($0)) }
        report.host.interfaces = (0..<1000).map { number in
            var interface = HostInterface()
            (interface.interface, interface.index) = ("tap\(number)", 100 + number)
            interface.mac = "fe:54:00:00:00:01"
            return interface
        }
        let decoder = try SFlowDecoder()
        try sink(["udp://127.0.0.1:\(decoder.port)"]).update(report)
        let datagrams = try decoder.datagrams()
        #expect(datagrams.map(\.sequence) == (1...UInt32(datagrams.count)).map { $0 })
        #expect(datagrams.allSatisfy { $0.length <= 1400 && $0.agent == "127.0.0.1" })
        let samples = datagrams.flatMap(\.samples)
        #expect(samples.count == 2001 && Set(samples.map(\.source)).count == 2001)
        let machine = try #require(samples.first { $0.source == [3, 100_500] })
        #expect(machine.records["2000"]?["hostname"] == .text(String(repeating: "ä", count: 32)))
        #expect(machine.records["2001"] == ["600": "52:54:00:00:00:01"])
    }

    @Test func `a machine keeps its number while others come and go, and when the process starts anew`() throws {
        func names(_ machines: [String]) throws -> [UInt32: SFlowDecoder.Value] {
            var report = MonitorReport()
            report.machines = machines.map { .sflowExample($0, $0, tap: "t") }
            return try samples(of: [report]).reduce(into: [:]) { names, sample in
                if sample.key[0] == 3 { names[sample.key[1]] = sample.value.first?.records["2000"]?["hostname"] }
            }
        }
        #expect(try names(["a", "b"]) == [100_000: "a", 100_001: "b"])
        #expect(try names(["b", "c"]) == [100_001: "b", 100_002: "c"])
        #expect(try names(["c", "a", "d"]) == [100_000: "a", 100_002: "c", 100_003: "d"])
    }

    @Test func `what is old, gone or nowhere is left out`() throws {
        var report = MonitorReport.sflowExample
        report.machines[0].isStale = true
        report.ports[0].index = nil
        report.ports[1].index = 1 << 24
        let samples = try samples(of: [report])
        #expect(Set(samples.keys) == [[2, 1], [3, 100_001]])
    }

    @Test func `a collector that cannot be sent to costs the others nothing, is said once, and is counted`() throws {
        let decoder = try SFlowDecoder()
        // Nothing may be sent there without having asked for broadcasts.
        let refused = "udp://255.255.255.255:6343"
        let sink = sink([refused, "udp://127.0.0.1:\(decoder.port)"])
        try sink.update(.sflowExample)
        #expect(sink.takeNotices().count == 1)
        try sink.update(.sflowExample)
        #expect(sink.takeNotices() == [])
        var report = StateReport()
        sink.count(into: &report)
        #expect(report.datagrams == 4 && report.datagramsDropped == 4)
        #expect(try decoder.datagrams().map(\.sequence) == [1, 2, 3, 4])

        let alone = self.sink([refused])
        #expect(throws: (any Error).self) { try alone.update(.sflowExample) }
    }

    @Test func `a collector that nobody listens at is sent to all the same`() throws {
        let decoder = try SFlowDecoder()
        let place = "udp://127.0.0.1:\(decoder.port)"
        _ = try decoder.datagrams()
        let sink = sink([place])
        for _ in 0..<3 { try sink.update(.sflowExample) }
        var report = StateReport()
        sink.count(into: &report)
        #expect(report.datagrams == 6 && report.datagramsDropped == 0)
    }

    @Test func `a sink takes a report each interval, and what comes in between is not for it`() throws {
        let decoder = try SFlowDecoder()
        let runner = StateRunner("s", sink(["udp://127.0.0.1:\(decoder.port)"]), isAlone: true, clock: clock) {
            Issue.record("\($0): \($1)")
        }
        for _ in 0..<13 {
            runner.deliver(.sflowExample)
            clock.advance(by: .milliseconds(4_998))
        }
        #expect(runner.report.updates == 4 && runner.report.dropped == 0 && runner.report.datagrams == 8)
        #expect(try decoder.datagrams().map(\.uptime) == [0, 0, 19_992, 19_992, 39_984, 39_984, 59_976, 59_976])
    }

    @Test func `an address of a collector is a number, with a port or without`() {
        #expect(CollectorAddress("udp://192.0.2.7:6344").map { "\($0)" } == "udp://192.0.2.7:6344")
        #expect(CollectorAddress("udp://192.0.2.7").map { "\($0)" } == "udp://192.0.2.7:6343")
        #expect(CollectorAddress("udp://[2001:db8::7]").map { "\($0)" } == "udp://[2001:db8::7]:6343")
        for text in [
            "", "192.0.2.7", "udp://", "udp://collector", "udp://192.0.2.7:", "udp://192.0.2.7:0",
            "udp://192.0.2.7:65536",
            "udp://2001:db8::7", "udp://[192.0.2.7]", "udp://[::1", "tcp://192.0.2.7:6343", "udp://192.0.2.7:1x",
        ] { #expect(CollectorAddress(text) == nil, "\(text)") }
    }
}
