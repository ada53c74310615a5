// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowMeter
import FlowModel
import FlowRecorder
import FlowTestKit
import Foundation
import HostMonitor
import LiveStatus
import Reporting
import Testing

extension WeirCommandSuite {
    /// Metrics as Prometheus gets them, with its own tool as the judge.
    @Suite struct MetricsCommandTests {
        private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()

        /// Where tools/setup puts it, unless the host has one.
        private static let promtool: String = {
            let own = root.appending(path: ".build/promtool/promtool").path
            return FileManager.default.isExecutableFile(atPath: own) ? own : "promtool"
        }()

        /// Fetches by HTTP from inside the namespace of the daemon.
        private static let fetcher = """
            import sys, urllib.request
            answer = urllib.request.urlopen(sys.argv[1], timeout=5)
            print(answer.headers["Content-Type"])
            print(answer.read().decode(), end="")
            """

        private func metrics(_ site: Site, at address: String) throws -> (type: String, text: String) {
            let answer = try site.hub.run(["python3", "-c", Self.fetcher, "http://\(address)/metrics"])
            let parts = answer.split(separator: "\n", maxSplits: 1)
            return (String(parts[0]), String(parts[1]))
        }

        private func check(_ text: String, in folder: String) throws {
            let file = folder + "/metrics.txt"
            try Data(text.utf8).write(to: URL(filePath: file))
            let result = try ChildProcess.outcome(
                of: ["sh", "-c", "exec \"$0\" check metrics < \"$1\"", Self.promtool, file])
            #expect(result.status == 0 && result.output == "" && result.errors == "", "\(result)")
        }

        private func value(_ sample: String, in text: String) -> UInt64? {
            text.split(separator: "\n").first { $0.hasPrefix(sample + " ") }
                .flatMap { UInt64($0.dropFirst(sample.count + 1)) }
        }

        @Test func `metrics tell what the files tell, and promtool has nothing to say`() throws {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs, "--metrics", "19469")
                var traffic = Traffic()
                try traffic.send(site, datagrams: 120, of: 20)
                for _ in 0..<3 { try site.waitForWindow() }
                // A page is up to a second old.
                Thread.sleep(forTimeInterval: 1.1)
                let (type, text) = try metrics(site, at: "127.0.0.1:19469")
                #expect(type == "text/plain; version=0.0.4; charset=utf-8")
                try check(text, in: site.folder)
                let sum = traffic.expected(of: "port-a").values.reduce(.zero, +)
                let labels = "{port=\"port-a\",direction=\"egress\",outcome=\"recorded\"}"
                #expect(value("weir_port_packets_total" + labels, in: text) == sum.packets)
                #expect(value("weir_port_bytes_total" + labels, in: text) == sum.octets)
                #expect(value("weir_conservation_violations_total", in: text) == 0)
                #expect(value("weir_ports", in: text) == 2 && value("weir_restarts_total", in: text) == 0)
                let report = try #require(try site.status().daemon)
                #expect(report.windows.closed >= (value("weir_windows_closed_total", in: text) ?? .max))
                #expect(report.store.windowsStored >= (value("weir_windows_stored_total", in: text) ?? .max))
                #expect(value("weir_windows_stored_total", in: text) ?? 0 > 0)
                #expect(
                    report.swaps.swaps > 0 && report.swaps.swapSecondsTotal > 0
                        && report.swaps.occupancyHighWater ?? 0 > 0)
                daemon.stop()

                let second = try site.daemon("--port", "port-[ab]", "--metrics", "[::1]:19469")
                #expect(value("weir_restarts_total", in: try metrics(site, at: "[::1]:19469").text) == 1)
                #expect(second.stop().status == 0)
            }
        }

        @Test func `nothing listens unless it is asked for, and an address that is taken is said`() throws {
            try Site.with { site in
                let first = try site.daemon("--port", "port-a")
                #expect(try site.hub.run(["ss", "-Htln"]) == "")
                first.stop()
                let taker = try site.hub.start(["python3", "-m", "http.server", "--bind", "127.0.0.1", "19469"])
                try waitUntil("the address is taken") { try site.hub.run(["ss", "-Htln"]) != "" }
                let second = try site.daemon("--port", "port-a", "--metrics", "19469")
                try waitUntil("the trouble is said") {
                    second.errors.contains(
                        "cannot serve metrics on 127.0.0.1:19469: address already in use; name another address with "
                            + "--metrics; measuring goes on")
                }
                #expect(second.stop().status == 0)
                taker.stop()
            }
        }

        @Test func `a thousand ports are a page that promtool takes`() throws {
            var ledger = PortLedger()
            let ports = (1...1000).map { Port(number: PortNumber(UInt16($0)), name: "tap\"\($0)", role: .guest) }
            ledger.add([:], known: Dictionary(uniqueKeysWithValues: ports.map { ($0.number, $0) }))
            var report = DaemonReport(
                LifeReport(pid: 1, bpffs: "/sys/fs/bpf/weir", startedSeconds: 1, intervalSeconds: 60))
            report.journal.windowsWaiting = 1
            report.swaps.occupancy = 0.5
            let bytes = MetricsText(DaemonMetrics.all, of: DaemonMetrics(report: report, ports: ledger)).bytes
            #expect(bytes.count < 2_000_000)
            let folder = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try check(String(decoding: bytes, as: UTF8.self), in: folder)
        }

        @Test func `the sample alerts are rules that promtool takes, about metrics that there are`() throws {
            let file = Self.root.appending(path: "docs/alerts.yml")
            let result = try ChildProcess.outcome(of: [Self.promtool, "check", "rules", "--lint-fatal", file.path])
            #expect(result.status == 0, "\(result)")
            try expectKnownMetrics(in: try String(contentsOf: file, encoding: .utf8))
        }

        /// Each query, with values for its variables, as a rule.
        @Test func `the queries of the sample dashboard are ones that promtool takes, about metrics that there are`()
            throws
        {
            struct Board: Decodable {
                struct Target: Decodable { let expr: String }
                struct Panel: Decodable {
                    let title: String
                    let targets: [Target]?
                }
                let panels: [Panel]
            }
            let file = Self.root.appending(path: "docs/grafana-machines.json")
            let board = try JSONDecoder().decode(Board.self, from: try Data(contentsOf: file))
            let queries = board.panels.flatMap { $0.targets ?? [] }.map(\.expr)
            #expect(queries.count > 15)
            let rules = queries.enumerated().map { number, query in
                let text = query.replacing("$__rate_interval", with: "1m").replacing(#/\$[a-z]+/#, with: ".*")
                return "  - record: query:\(number)\n    expr: '\(text)'\n"
            }
            let folder = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let place = folder.appending(path: "rules.yml")
            try Data(("groups:\n- name: dashboard\n  rules:\n" + rules.joined()).utf8).write(to: place)
            let result = try ChildProcess.outcome(of: [Self.promtool, "check", "rules", place.path])
            #expect(result.status == 0, "\(result)")
            try expectKnownMetrics(in: queries.joined(separator: "\n"))
        }

        private func expectKnownMetrics(in text: String) throws {
            let names = Set(DaemonMetrics.all.map(\.name) + MonitorReport.metrics.map(\.name))
            let found = Set(text.matches(of: #/\b(weir|libvirt)_[a-z_]+/#).map { String($0.output.0) })
            #expect(!found.isEmpty && found.subtracting(names).isEmpty, "\(found.subtracting(names))")
        }
    }
}
