// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowFormats
import FlowModel
import FlowTestKit
import Foundation
import Host
import HostMonitor
import Testing

/// The collectors that people have take what the sink sends: tshark, nfdump's sfcapd, pmacct's sfacctd.
@Suite(.enabled(if: KernelAccess.isExpected)) struct SFlowCollectorTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func sink(_ port: UInt16) throws -> SFlowSink {
        let collector = try #require(CollectorAddress("udp://127.0.0.1:\(port)"))
        return SFlowSink(to: [collector], agent: "192.0.2.1", interval: .seconds(20), folder: directory.statePath)
    }

    /// A UDP port of the loopback that nobody had a moment ago.
    private static func freePort() throws -> UInt16 {
        let script = """
            import socket
            s = socket.socket(type=socket.SOCK_DGRAM)
            s.bind(("127.0.0.1", 0))
            print(s.getsockname()[1])
            """
        return try #require(UInt16(try ChildProcess.run(["python3", "-c", script]).dropLast()))
    }

    /// Whether a process listens at the UDP port, as the kernel says.
    private static func isOpen(_ port: UInt16) throws -> Bool {
        let sockets = try ["udp", "udp6"].map { try String(contentsOfFile: "/proc/net/\($0)", encoding: .utf8) }
        let place = ":" + String(format: "%04X", Int(port)) + " "
        return sockets.joined().split(separator: "\n").contains { line in
            line.split(separator: " ").dropFirst().first.map { "\($0) ".hasSuffix(place) } ?? false
        }
    }

    /// It knows no structure of a host or a machine, and goes on in the wrong place behind one: those are left to `SFlowSinkTests`.
    @Test func `tshark dissects the datagrams of ports whole, and their counters are the report's`() throws {
        let decoder = try SFlowDecoder()
        let sink = try sink(decoder.port)
        var large = MonitorReport.sflowExample
        large.machines = (0..<50).map { .sflowExample("m\($0)", "m\($0)", tap: "tap\($0)") }
        large.ports += (0..<50).map { MonitorReport.port("port\($0)", 200 + $0, "guest", UInt64($0)) }
        for report in [MonitorReport.sflowExample, large] { try sink.update(report) }
        let all = try decoder.datagrams()
        let datagrams = all.filter { $0.samples.allSatisfy { $0.source[0] == 0 } }.map(\.bytes)
        #expect(all.count > datagrams.count && !all.contains { Set($0.samples.map { $0.source[0] == 0 }).count > 1 })
        let file = directory.url.appending(path: "sflow.pcap")
        let frames = datagrams.map { datagram in
            Frame(
                .ethernet(), .ipv4(from: "192.0.2.1", to: "192.0.2.2"), .udp(from: 40_000, to: 6343),
                .payload(datagram)
            ).bytes
        }
        try Data(CaptureFile(frames).contents).write(to: file)

        let text = try ChildProcess.run(["tshark", "-n", "-V", "-r", file.path], within: .seconds(60))
        #expect(!text.contains("Malformed") && !text.lowercased().contains("[expert info (error"))
        #expect(text.matches(of: /InMon sFlow/).count == datagrams.count)
        let samples = text.matches(of: /Counters sample, seq/).count
        #expect(samples == 2 + 52)
        // It passes over the names of ports.
        #expect(Set(text.matches(of: /Format: Unknown \((\d+)\)/).map(\.1)) == ["1005"])
        #expect(!text.contains("Unknown enterprise format"))
        let fields = [
            "ifindex", "ifspeed", "ifinoct", "ifinpkt", "ifindisc", "ifinerr", "ifoutoct", "ifoutpkt", "ifoutdisc",
            "ifouterr",
        ]
        let command =
            ["tshark", "-n", "-r", file.path, "-c", "1", "-T", "fields"] + fields.flatMap { ["-e", "sflow_245.\($0)"] }
        let first = try ChildProcess.run(command).split(separator: "\n").first ?? ""
        #expect(
            first.split(separator: "\t").map(String.init) == [
                "11,2", "0,25000000000", "8589934599,34359738377", "1001,2002", "11,22", "130,1300",
                "17179869193,17179869191", "2001,1002", "21,12", "230,2300",
            ])
    }

    @Test func `sfcapd takes every datagram, and none is bad or missing`() throws {
        let port = try Self.freePort()
        let place = ["-b", "127.0.0.1", "-p", "\(port)", "-w", directory.url.path]
        let sfcapd = try ChildProcess(["sfcapd", "-t", "3600"] + place)
        try waitUntil("sfcapd listens: \(sfcapd.errors)") { try Self.isOpen(port) }
        let sink = try sink(port)
        for _ in 0..<10 { try sink.update(.sflowExample) }
        // It reads in the order of arrival; what it has read by its end is in its last line.
        try waitUntil("sfcapd has read all") { try Self.isRead(port) }
        let result = sfcapd.stop(SIGTERM)
        let said = result.output + result.errors
        #expect(said.contains("Sequence Errors: 0, Bad Packets: 0"), "\(said)")
    }

    /// Whether nothing waits at the port.
    private static func isRead(_ port: UInt16) throws -> Bool {
        let place = ":" + String(format: "%04X", Int(port))
        return try String(contentsOfFile: "/proc/net/udp", encoding: .utf8).split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            return words.count > 4 && words[1].hasSuffix(place) && words[4].hasSuffix(":00000000")
        }
    }

    @Test func `sfacctd prints the interface counters of the report`() throws {
        let port = try Self.freePort()
        let counters = directory.url.appending(path: "counters.json")
        let configuration = directory.url.appending(path: "sfacctd.conf")
        try """
        sfacctd_ip: 127.0.0.1
        sfacctd_port: \(port)
        plugins: memory
        imt_path: \(directory.url.path)/pipe
        aggregate: none
        sfacctd_counter_file: \(counters.path)
        sfacctd_counter_output: json

        """.write(to: configuration, atomically: true, encoding: .utf8)
        let sfacctd = try ChildProcess(["sfacctd", "-f", configuration.path])
        try waitUntil("sfacctd listens: \(sfacctd.errors)\(sfacctd.output)") { try Self.isOpen(port) }
        try sink(port).update(.sflowExample)
        var printed: [[String: Any]] = []
        try waitUntil("sfacctd prints the counters of both ports") {
            let lines = (try? String(contentsOf: counters, encoding: .utf8))?.split(separator: "\n") ?? []
            printed = lines.compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
                .filter { $0["ifIndex"] != nil }
            return printed.count >= 2
        }
        sfacctd.stop(SIGINT)
        let guest = try #require(printed.first { ($0["ifIndex"] as? Int) == 11 })
        #expect(guest["ifInOctets"] as? Int == 8_589_934_599 && guest["ifInUcastPkts"] as? Int == 1001)
        #expect(guest["ifOutOctets"] as? Int == 17_179_869_193 && guest["ifOutUcastPkts"] as? Int == 2001)
        #expect(guest["ifInDiscards"] as? Int == 11 && guest["ifOutDiscards"] as? Int == 21)
    }

    @Test func `sfacctd adds up flow samples to the packets that they stand for`() throws {
        let port = try Self.freePort()
        let pipe = directory.url.appending(path: "pipe").path
        let configuration = directory.url.appending(path: "sfacctd.conf")
        try """
        sfacctd_ip: 127.0.0.1
        sfacctd_port: \(port)
        sfacctd_renormalize: true
        plugins: memory
        imt_path: \(pipe)
        aggregate: src_host, dst_host, proto, dst_port

        """.write(to: configuration, atomically: true, encoding: .utf8)
        let sfacctd = try ChildProcess(["sfacctd", "-f", configuration.path])
        try waitUntil("sfacctd listens: \(sfacctd.errors)\(sfacctd.output)") { try Self.isOpen(port) }
        let collector = try #require(CollectorAddress("udp://127.0.0.1:\(port)"))
        var settings = SamplingSettings()
        settings.rate = 400
        let sampler = SFlowSampler("s", SFlowStream(to: [collector], agent: "192.0.2.1"), settings)
        var report = SamplingReport()
        report.ports = [SampledPort()]
        (report.ports[0].interface, report.ports[0].number, report.ports[0].index) = ("tap7", 7, 11)
        (report.ports[0].rate, report.ports[0].pool) = (400, 40_000)
        let sampling = PacketSampling([sampler]) { report }
        let frame = Frame(
            .ethernet(), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .tcp(from: 1000, to: 443), .payload(500)
        ).bytes
        for _ in 0..<100 {
            let packet = WirePacket(Array(frame.prefix(128)), length: UInt32(frame.count))
            sampling.take(PacketCopy(.sample, port: PortNumber(7), direction: .egress, packet))
        }
        sampling.sendAll()
        var rows: [[String: Any]] = []
        try waitUntil("sfacctd has added them up") {
            let text = try ChildProcess.outcome(of: ["pmacct", "-s", "-p", pipe, "-O", "json"]).output
            rows = text.split(separator: "\n").compactMap {
                try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
            return (rows.first?["packets"] as? Int ?? 0) >= 40_000
        }
        sfacctd.stop(SIGINT)
        #expect(rows.count == 1 && rows[0]["packets"] as? Int == 40_000)
        #expect(rows[0]["ip_src"] as? String == "10.0.0.1" && rows[0]["port_dst"] as? Int == 443)
    }
}
