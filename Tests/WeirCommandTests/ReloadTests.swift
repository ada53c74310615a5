// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// SIGHUP: the configuration is read again.
    @Suite struct ReloadTests {
        private static let head = "account-id: 123456789012\nregion: local-1\npublish-period: 1s\ninterval: 1\n"

        private func reload(_ site: Site, _ daemon: ChildProcess, _ text: String) throws {
            let before = try site.status().daemon?.reload
            try site.write(Self.head + text, to: "weir.yaml")
            // Seconds tell one reload from the next.
            Thread.sleep(forTimeInterval: 1.1)
            daemon.signal(SIGHUP)
            try waitUntil("the configuration is read again") { try site.status().daemon?.reload != before }
        }

        @Test func `ports, names and formats change while traffic flows, and every packet is recorded once`() throws {
            try Site.with { site in
                try site.write(Self.head + "ports: [port-a]\nlog-dir: \(site.logs)\n", to: "weir.yaml")
                let daemon = try site.daemon()
                var traffic = Traffic()
                try traffic.send(site, datagrams: 10, of: 10)
                let onlyA = traffic
                try reload(
                    site, daemon,
                    """
                    ports:
                      - match: port-a
                        interface-id: eni-1
                      - port-b
                      - later0
                    log-dir: \(site.path("logs2"))
                    format: json

                    """)
                try waitUntil("port-b is attached") { try site.status().ports.map(\.name) == ["port-a", "port-b"] }
                try waitUntil("files are elsewhere") {
                    try site.status().daemon?.delivery.sinks.first?.to == site.path("logs2")
                }
                var both = Traffic()
                try both.send(site, datagrams: 20, of: 20)
                try site.waitForWindow()
                try reload(site, daemon, "ports: [port-b]\nlog-dir: \(site.path("logs2"))\nformat: json\n")
                try waitUntil("port-a is detached, with its last window") {
                    try site.status().ports.map(\.name) == ["port-b"]
                }
                var onlyB = Traffic()
                try onlyB.send(site, datagrams: 30, of: 30)
                #expect(daemon.stop().status == 0)
                #expect(
                    daemon.errors.contains(
                        "notice: the configuration was read again; changed: ports, log-dir, format\n"))
                #expect(daemon.errors.contains("port-a is detached, as the configuration says now; "))

                let first = try site.awsLines()
                let second = try site.logFiles(in: site.path("logs2")).flatMap {
                    try LogLines.json(try site.unpacked($0))
                }
                #expect(second.contains { $0["interface-id"] == "eni-1" && $0["port"] == "port-a" })
                let sums = try LogLines.sums(first).merging(try LogLines.sums(second)) { $0 + $1 }
                let packets = Dictionary(grouping: sums, by: { $0.key.port == "eni-1" ? "port-a" : $0.key.port })
                    .mapValues {
                        $0.reduce(0) { $0 + $1.value.packets }
                    }
                let (a, b) = (try sum(onlyA, both, of: "port-a"), try sum(both, onlyB, of: "port-b"))
                #expect(packets == ["port-a": a, "port-b": b])
                #expect(try site.status().ports.map { "\($0.name) \($0.state)" } == ["port-b attached"])
            }
        }

        private func sum(_ traffic: Traffic..., of port: String) throws -> UInt64 {
            traffic.reduce(0) { $0 + $1.expected(of: port).values.reduce(0) { $0 + $1.packets } }
        }

        @Test func `what takes a restart is refused key by key, and a wrong file changes nothing`() throws {
            try Site.with { site in
                try site.write(Self.head + "ports: [port-a]\n", to: "weir.yaml")
                let daemon = try site.daemon("--log-dir", site.logs)
                try reload(site, daemon, "ports: [port-a]\nmetrics: 9469\nflows: 1000\nhourly: true\n")
                let kept = "metrics: a new value takes a restart of the daemon; the one before stays in force"
                let tables =
                    "flows: the tables are there already; they are made anew at a start that finds no port attached"
                #expect(daemon.errors.contains("notice: the configuration was read again; changed: hourly\n"))
                for sentence in [kept, tables] { #expect(daemon.errors.contains("warning: \(sentence)\n")) }
                #expect(try site.status().daemon?.reload?.problems == [tables, kept])
                #expect(
                    try site.weir("status").contains(#/\nreloaded  the configuration, \S+Z, but flows: the tables /#))

                try site.write(Self.head + "ports: [port-b]\nintervall: 3\n", to: "weir.yaml")
                Thread.sleep(forTimeInterval: 1.1)
                daemon.signal(SIGHUP)
                let wrong = "\(site.path("weir.yaml")):6: unknown key \"intervall\"; did you mean interval?"
                let sentence = "error: the configuration is not taken, and all stays as it was: \(wrong)\n"
                try waitUntil("that is said") { daemon.errors.contains(sentence) }
                let check = try site.outcome("status", "--check")
                #expect(check.status == 2 && check.output == "CRITICAL: \(wrong)\n", "the command reads the same file")
                try site.write(Self.head, to: "weir.yaml")
                let report = try #require(try site.status().daemon)
                #expect(report.reload?.isFailed == true && report.reload?.problems == [wrong])
                #expect(try site.status().ports.map(\.name) == ["port-a"])

                try reload(site, daemon, "ports: [port-a]\nhourly: true\n")
                let fine = try site.outcome("status", "--check")
                #expect(fine.status == 0 && fine.output == "OK: 1 port measured, 0 packets unaccounted\n", "\(fine)")
                // A policy whose file is not there leaves in force what was, and is said.
                try reload(site, daemon, "ports: [port-a]\nhourly: true\npolicy: \(site.path("none.yaml"))\n")
                try waitUntil("the policy is said") {
                    daemon.errors.contains("error: policy: it is not loaded, and what ")
                }
                let doubtful = try site.outcome("status", "--check")
                #expect(
                    doubtful.status == 1 && doubtful.output.hasPrefix("WARNING: at the last reload: policy: "),
                    "\(doubtful)")
                #expect(daemon.stop().status == 0)
                let gone = try site.outcome("status", "--check")
                #expect(gone.status == 2 && gone.output == "CRITICAL: no daemon: no window is closed\n", "\(gone)")
            }
        }
    }
}
