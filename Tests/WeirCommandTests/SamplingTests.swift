// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing
import WeirService

extension WeirCommandSuite {
    /// Samples of packets on their whole way: from a port of the kernel to collectors.
    @Suite struct SamplingTests {
        private static let policy = """
            groups:
              - name: web
                rules:
                  - {name: open, direction: ingress, protocol: udp, port-range: 53}
            ports:
              - match: port-b
                groups: [web]
                mode: enforce

            """

        private func write(_ sink: String, _ site: Site, _ collectors: [UInt16]) throws {
            let places = collectors.map { "\"udp://127.0.0.1:\($0)\"" }.joined(separator: ", ")
            try site.write(
                """
                account-id: 123456789012
                interval: 60
                ports: [port-a, port-b]
                policy: \(site.path("policy.yaml"))
                sinks:
                  - {name: flow, type: sflow, to: [\(places)], agent: 192.0.2.9, interval: 1h\(sink)}

                """, to: "weir.yaml")
        }

        private func sampling(_ site: Site, _ name: String = "port-b") throws -> StatusReport.Sampling? {
            try site.status().ports.first { $0.name == name }?.sampling
        }

        private func sink(_ site: Site) throws -> SampleCounts {
            try #require(try site.status().daemon?.delivery.sinks.first?.state?.sampling)
        }

        private func reload(_ site: Site, _ daemon: ChildProcess, _ condition: () throws -> Bool) throws {
            Thread.sleep(forTimeInterval: 1.1)
            daemon.signal(SIGHUP)
            try waitUntil("the configuration is in force", condition)
        }

        /// Datagrams from left to right; those to another port than 53 are dropped where they would leave for right.
        private func send(_ count: Int, to port: UInt16, _ site: Site) throws {
            let injector = try FrameInjector(on: "eth0", in: site.left)
            let frame = Frame(
                .ethernet(from: try site.left.macAddress(of: "eth0"), to: try site.right.macAddress(of: "eth0")),
                .ipv4(from: "10.9.0.1", to: "10.9.7.7"), .udp(from: 4000, to: port), .payload(300))
            for _ in 0..<count { try injector.send(frame.bytes) }
        }

        /// The packets of all flow records that nfdump reads, those of the one interface; none where it cannot read a file.
        private func packets(_ site: Site, _ folder: String, output index: Int) throws -> Int {
            let text = try ChildProcess.run(
                ["nfdump", "-R", site.path(folder), "-q", "-N", "-o", "fmt:%out %pkt", "if \(index)"])
            return text.split(separator: "\n").reduce(0) { sum, line in
                sum + (line.split(separator: " ").last.flatMap { Int($0) } ?? 0)
            }
        }

        @Test func `collectors get samples with exact pools, and of what the policy drops one or its number`() throws {
            try Site.with { site in
                try site.hub.ip("link set lo up")
                try site.write(Self.policy, to: "policy.yaml")
                let collector = try SampleCollector(site, port: 16_343)
                try FileManager.default.createDirectory(
                    atPath: site.path("nfdump"), withIntermediateDirectories: true)
                let sfcapd = try site.hub.start([
                    "sfcapd", "-t", "3600", "-b", "127.0.0.1", "-p", "16344", "-w", site.path("nfdump"),
                ])
                try write(", sampling: 1, discarded: 5, sampled: port-b", site, [16_343, 16_344])
                let daemon = try site.daemon()
                try waitUntil("port-b is sampled") { try sampling(site)?.rate == 1 }
                #expect(try sampling(site, "port-a") == nil)
                let index = try site.hub.index(of: "port-b")

                // It is said to be sampled a moment before its programs are there.
                try waitUntil("the programs sample") {
                    try send(1, to: 53, site)
                    return try sampling(site)?.pool ?? 0 > 0
                }
                // Those before it may still be on their way.
                var first = 0
                try waitUntil("nothing is on its way") {
                    let pool = Int(try sampling(site)?.pool ?? 0)
                    defer { first = pool }
                    if pool == first { return true }
                    Thread.sleep(forTimeInterval: 1)
                    return false
                }
                let total = first + 400
                try send(300, to: 53, site)
                try send(100, to: 9000, site)
                try waitUntil("all is counted") { try sampling(site)?.pool ?? 0 >= UInt64(total) }
                let counts = try #require(try sampling(site))
                #expect(counts.pool == UInt64(total))
                #expect(counts.samples == UInt64(total) && counts.lost == 0)
                #expect(counts.discards + counts.withheld == 100)
                try waitUntil("all samples have come") { try collector.samples(1).count == total }
                let all = try collector.samples(1)
                #expect(all.map(\.sequence) == Array(1...total) && Set(all.map(\.source)) == [index])
                #expect(all.allSatisfy { $0.rate == 1 && $0.drops == 0 && $0.input == 0 && $0.output == index })
                let pools = all.compactMap(\.pool)
                #expect(pools.max() == total && pools == pools.sorted())
                // With its check sequence.
                #expect(Set(all.map(\.length)) == [346])
                #expect(Set(all.map(\.header.count)) == [256])

                let discarded = try collector.samples(5)
                #expect(discarded.allSatisfy { $0.reason == 258 && $0.source == index && $0.output == index })
                // The daemon hears it some times a second.
                try waitUntil("the sink has said so") { try sink(site).samples == UInt64(total) }
                let sent = try sink(site)
                #expect(sent.discards == UInt64(discarded.count) && (1...10).contains(discarded.count))
                #expect(discarded.map(\.drops).max().map { $0 + discarded.count } == 100)
                #expect(counts.withheld + sent.discards + sent.discardsWithheld == 100)
                try waitUntil("metrics say so, a second later") { try metrics(site, total) == [true, true, true] }

                // Another rate: the pool goes on.
                try write(", sampling: 64, sampled: port-b", site, [16_343, 16_344])
                try reload(site, daemon) { try sampling(site)?.rate == 64 }
                try send(6400, to: 53, site)
                try waitUntil("all is counted") { try sampling(site)?.pool == UInt64(total + 6400) }
                let drawn = Int(try #require(try sampling(site)).samples) - total
                // As SampleSuite has it.
                let bound = 5 * (6400.0 * 63 / 12_288).squareRoot()
                #expect(abs(Double(drawn) - 100) <= bound, "\(drawn)")
                try waitUntil("all samples have come") { try collector.samples(1).count == total + drawn }
                let later = try collector.samples(1).suffix(drawn)
                #expect(later.allSatisfy { $0.rate == 64 && $0.drops == 0 })
                #expect(later.compactMap(\.pool).allSatisfy { ((total + 1)...(total + 6400)).contains($0) })

                // None at all: the port's programs are those of other ports.
                try write("", site, [16_343, 16_344])
                try reload(site, daemon) { try sampling(site) == nil }
                try send(100, to: 53, site)
                #expect(daemon.stop().status == 0)
                #expect(try collector.samples(1).count == total + drawn)
                try checkTshark(site, collector)
                try waitUntil("sfcapd has read all") { try isRead(site, 16_344) }
                let said = sfcapd.stop(SIGTERM)
                #expect((said.output + said.errors).contains("Sequence Errors: 0, Bad Packets: 0"), "\(said)")
                #expect(try packets(site, "nfdump", output: index) == total + 64 * drawn)
            }
        }

        private func metrics(_ site: Site, _ total: Int) throws -> [Bool] {
            guard case .answer(200, let body) = HTTPClient.get("/metrics", at: site.socket) else { return [] }
            let lines = String(decoding: body, as: UTF8.self).split(separator: "\n")
            return [
                lines.contains("weir_port_sampling_rate{port=\"port-b\"} 1"),
                lines.contains("weir_port_sample_pool_packets_total{port=\"port-b\"} \(total)"),
                lines.contains("weir_sink_samples_total{sink=\"flow\"} \(total)"),
            ]
        }

        private func checkTshark(_ site: Site, _ collector: SampleCollector) throws {
            let file = site.path("sflow.pcap")
            // It knows no structure of hosts, nor discarded packets.
            try Data(CaptureFile(try collector.frames()).contents).write(to: URL(filePath: file))
            let filter = "sflow_245.sampletype == 1 && !(sflow_245.sampletype == 5)"
            let text = try ChildProcess.run(
                ["tshark", "-n", "-V", "-d", "udp.port==6343,sflow", "-r", file, filter], within: .seconds(60))
            #expect(!text.contains("Malformed") && !text.lowercased().contains("[expert info (error"))
            #expect(text.contains("Raw packet header") && text.contains("Sampling rate: 1 out of 64 packets"))
        }

        /// Whether nothing waits at the port.
        private func isRead(_ site: Site, _ port: UInt16) throws -> Bool {
            let place = ":" + String(format: "%04X", Int(port))
            return try site.hub.run(["cat", "/proc/net/udp"]).split(separator: "\n").contains { line in
                let words = line.split(separator: " ")
                return words.count > 4 && words[1].hasSuffix(place) && words[4].hasSuffix(":00000000")
            }
        }

        @Test func `weir-export by hand says that there are no samples`() throws {
            try Site.with(isBridged: false) { site in
                try site.write(Self.policy, to: "policy.yaml")
                try write(", sampling: 1", site, [16_343])
                let daemon = try site.daemon()
                #expect(daemon.stop().status == 0)
                let said = try ChildProcess.outcome(
                    of: ["nsenter", "--net=\(site.hub.path)", Site.binary + "-export", "--once"],
                    environment: site.environment)
                #expect(said.errors.contains("there are no samples of packets"), "\(said)")
            }
        }
    }
}
