// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import FlowModel
import FlowTestKit
import Foundation
import Glibc
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// Steady traffic whose every packet is known, and a daemon to which everything happens: at the end the records and
    /// the overflow are what was sent, and no record is there twice.
    @Suite struct FaultRunTests {
        /// `WEIR_FAULT_KILLS` kills; tools/test-faults asks for 200.
        private static let kills = ProcessInfo.processInfo.environment["WEIR_FAULT_KILLS"].flatMap { Int($0) } ?? 40

        @Test func `a daemon that is killed at random moments loses nothing and publishes nothing twice`() throws {
            try Site.with { site in
                try site.weir("attach", "port-a", "port-b")
                let traffic = try SteadyTraffic(site, atMost: 30 + 4 * Self.kills)
                var generator = SplitMix64(seed: UInt64(ProcessInfo.processInfo.processIdentifier))
                for _ in 0..<Self.kills {
                    let daemon = try site.start(Self.arguments(site))
                    Thread.sleep(forTimeInterval: .random(in: 0..<1.6, using: &generator))
                    daemon.stop(SIGKILL)
                }
                try expectAll(site, traffic)
            }
        }

        @Test func `weir-export that is killed at random moments loses nothing and publishes nothing twice`() throws {
            try Site.with { site in
                let daemon = try site.daemon(Self.arguments(site))
                let traffic = try SteadyTraffic(site, atMost: 30 + 8 * Self.kills)
                var generator = SplitMix64(seed: UInt64(ProcessInfo.processInfo.processIdentifier))
                var killed: Set<Int32> = []
                for _ in 0..<10 * Self.kills where killed.count < Self.kills {
                    // A process that is killed before it has delivered anything is started again ever later.
                    if let report = try site.status().daemon, let pid = report.delivery.export?.pid,
                        !killed.contains(pid),
                        report.delivery.sinks.contains(where: { $0.counts.windows > 0 })
                    {
                        kill(pid, SIGKILL)
                        killed.insert(pid)
                    }
                    Thread.sleep(forTimeInterval: .random(in: 0..<0.4, using: &generator))
                }
                #expect(killed.count == Self.kills)
                try expectAll(site, traffic, running: daemon)
            }
        }

        @Test func `a log disk that is full for three windows delays the records and loses none`() throws {
            try Site.with { site in
                try site.mountSmallFileSystem(at: "disk", size: "256k")
                let logs = site.path("disk/logs")
                let daemon = try site.daemon(Self.arguments(site, logs: logs))
                let traffic = try SteadyTraffic(site, atMost: 60)
                try site.waitForWindow()
                // Whatever room there is, and a little more.
                _ = try ChildProcess.outcome(of: ["dd", "if=/dev/zero", "of=\(site.path("disk/filler"))", "bs=1k"])
                try waitUntil("the full disk is said") {
                    try site.status().daemon?.failure != nil
                }
                Thread.sleep(forTimeInterval: 3.5)
                #expect(daemon.isRunning)
                try FileManager.default.removeItem(atPath: site.path("disk/filler"))
                try waitUntil("publishing goes on") {
                    try site.status().daemon?.failure == nil
                }
                try expectAll(site, traffic, logs: logs, running: daemon)
            }
        }

        @Test func `a daemon that is told twice to stop stops once`() throws {
            try Site.with { site in
                let daemon = try site.daemon(Self.arguments(site))
                let traffic = try SteadyTraffic(site, atMost: 60)
                try site.waitForWindow()
                daemon.signal(SIGTERM)
                daemon.signal(SIGTERM)
                let ended = try daemon.wait()
                #expect(ended.status == 0, "\(ended.errors)")
                try expectAll(site, traffic)
            }
        }

        @Test func `a daemon that is stopped for three windows loses nothing`() throws {
            try Site.with { site in
                let daemon = try site.daemon(Self.arguments(site))
                let traffic = try SteadyTraffic(site, atMost: 60)
                try site.waitForWindow()
                daemon.signal(SIGSTOP)
                Thread.sleep(forTimeInterval: 3.5)
                daemon.signal(SIGCONT)
                try site.waitForWindow()
                try expectAll(site, traffic, running: daemon)
            }
        }

        /// The daemon's own clock, by libfaketime: nobody else's is touched.
        @Test(arguments: [3600, -3600])
        func `a clock that is stepped by an hour loses nothing`(step: Int) throws {
            try Site.with { site in
                try site.write("+0\n", to: "clock")
                let daemon = try site.start(
                    Self.arguments(site),
                    environment: [
                        "LD_PRELOAD": "libfaketime.so.1", "LD_LIBRARY_PATH": Self.fakeTimeFolder,
                        "FAKETIME_TIMESTAMP_FILE": site.path("clock"), "FAKETIME_NO_CACHE": "1",
                        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                    ])
                try waitUntil("the daemon answers: \(daemon.errors)") {
                    try site.isMeasuring(daemon)
                }
                let traffic = try SteadyTraffic(site, atMost: 60)
                try site.waitForWindow()
                try site.write("\(step > 0 ? "+" : "")\(step)\n", to: "clock")
                for _ in 0..<3 { try site.waitForWindow() }
                try site.write("+0\n", to: "clock")
                for _ in 0..<2 { try site.waitForWindow() }
                let lines = try expectAll(site, traffic, running: daemon)
                let ends = try lines.filter { $0["log-status"] == "OK" }.map { try LogLines.number($0, "end") }
                let (earliest, latest) = (try #require(ends.min()), try #require(ends.max()))
                #expect(latest - earliest > 3000, "some records are of the other hour")
            }
        }

        @Test func `a bpffs that was unmounted under a stopped daemon is said, and measuring begins anew`() throws {
            try Site.with { site in
                let bpffs = site.path("bpffs")
                try site.mount("bpf", at: bpffs)
                let arguments = Self.arguments(site) + ["--bpffs", "\(bpffs)/weir"]
                let daemon = try site.start(arguments)
                try waitForPorts(bpffs, daemon)
                daemon.stop(SIGKILL)
                try ChildProcess.run(["umount", bpffs])
                let refused = try site.start(arguments).wait()
                #expect(refused.status == 1)
                #expect(refused.errors.contains("no bpffs is mounted there"), "\(refused.errors)")
                try site.mount("bpf", at: bpffs)
                let anew = try site.start(arguments)
                try waitForPorts(bpffs, anew)
                let traffic = try SteadyTraffic(site, atMost: 30)
                Thread.sleep(forTimeInterval: 1.5)
                let expected = try traffic.stop()
                #expect(anew.stop().status == 0)
                let lines = try site.logFiles().flatMap { try LogLines.json(try site.unpacked($0)) }
                #expect(try LogLines.sums(lines) == expected)
            }
        }

        /// Until both ports are pinned.
        private func waitForPorts(_ bpffs: String, _ daemon: ChildProcess) throws {
            try waitUntil("the daemon measures: \(daemon.errors)") {
                let pins = try ChildProcess.outcome(of: ["find", bpffs, "-path", "*/ports/*/from"]).output
                return pins.split(separator: "\n").count == 2
            }
        }

        private static func arguments(_ site: Site, logs: String? = nil) -> [String] {
            ["--port", "port-[ab]", "--interval", "1", "--format", "json", "--log-dir", logs ?? site.logs]
        }

        private static let fakeTimeFolder = "/usr/lib/\(machine)-linux-gnu/faketime"

        private static var machine: String {
            #if arch(arm64)
                "aarch64"
            #else
                "x86_64"
            #endif
        }

        /// Ends the traffic, then the daemon, or one more that publishes what others left, and compares.
        @discardableResult
        private func expectAll(
            _ site: Site, _ traffic: SteadyTraffic, logs: String? = nil, running: ChildProcess? = nil
        ) throws -> [LogLine] {
            let expected = try traffic.stop()
            let daemon = try running ?? site.daemon(Self.arguments(site, logs: logs))
            #expect(try site.status().daemon?.windows.violations == 0)
            let ended = daemon.stop(SIGTERM, grace: .seconds(20))
            #expect(ended.status == 0, "\(ended.errors)")
            let lines = try site.logFiles(in: logs).flatMap { try LogLines.json(try site.unpacked($0)) }
            let sent = expected.values.reduce(UInt64(0)) { $0 + $1.packets }
            print("\(sent / 2) datagrams of \(expected.count / 2) flows, seen at two ports, in \(lines.count) records")
            #expect(lines.allSatisfy { $0["log-status"] != "SKIPDATA" })
            #expect(try LogLines.sums(lines) == expected)
            let stored = try LogLines.json(
                try ChildProcess.run(
                    site.command(["logs", "--since", "3h", "--until", "2099-01-01", "--format", "json"]),
                    environment: site.environment, within: .seconds(180)))
            #expect(try LogLines.sums(stored) == expected)
            return lines
        }
    }
}
