// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowRecorder
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// What goes wrong while the daemon runs is said, and measuring goes on.
    @Suite struct TroubleTests {
        @Test func `a log directory that is full is said, and nothing is lost when there is space again`() throws {
            try Site.with { site in
                try site.mountSmallFileSystem(at: "small", size: "64k")
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1", "--log-dir", site.path("small/logs"))
                var traffic = Traffic()
                try traffic.send(site, datagrams: 20, of: 20)
                _ = try ChildProcess.outcome(of: ["dd", "if=/dev/zero", "of=\(site.path("small/ballast"))", "bs=4k"])
                try traffic.send(site, datagrams: 30, of: 30)
                try waitUntil("status tells of the trouble") { try site.status().daemon?.failure != nil }
                let failure = try #require(try site.status().daemon?.failure)
                #expect(failure.hasPrefix("the sink files: cannot "))
                #expect(
                    failure.hasSuffix("no space left on device; free some space there, or choose another log directory")
                )
                #expect(daemon.errors.contains("; measuring goes on\n"))
                // Each try has a file of another name.
                #expect(try site.weir("status").contains("\nfailing   the sink files: cannot "))
                try traffic.send(site, datagrams: 40, of: 40)
                try site.waitForWindow()

                try FileManager.default.removeItem(atPath: site.path("small/ballast"))
                try waitUntil("all is well again") { try site.status().daemon.map { $0.failure == nil } ?? false }
                #expect(daemon.stop().status == 0)
                #expect(daemon.errors.contains("files works again\n"))
                #expect(try LogLines.sums(try site.awsLines(in: site.path("small/logs"))) == traffic.expected)
            }
        }

        @Test(arguments: [
            ("/dev/null/weir.sock", "what should be its folder is something else"),
            ("kept", "something that is not a socket is there"),
        ])
        func `a control socket that cannot be made is said, and measuring goes on`(place: String, reason: String) throws
        {
            try Site.with { site in
                try FileManager.default.createDirectory(
                    atPath: site.path("kept/inside"), withIntermediateDirectories: true)
                let socket = place.hasPrefix("/") ? place : site.path(place)
                let daemon = try site.start(["--port", "port-a", "--socket", socket])
                try waitUntil("the trouble is said") { daemon.errors.contains("; measuring goes on\n") }
                #expect(
                    daemon.errors.contains(
                        "cannot answer on \(socket): \(reason); name another socket with --socket or WEIR_SOCKET"))
                #expect(FileManager.default.fileExists(atPath: site.path("kept/inside")))
                try waitUntil("it measures") { daemon.errors.contains(" is measuring port-a, ") }
                #expect(try site.status().measuredBy == daemon.pid)
                var traffic = Traffic()
                try traffic.send(site, datagrams: 5, of: 5)
                let result = daemon.stop()
                #expect(result.status == 0)
                #expect(try LogLines.sums(try LogLines.aws(result.output)) == traffic.expected(of: "port-a"))
            }
        }

        @Test func `the socket of a daemon elsewhere is left to it`() throws {
            try Site.with { site in
                let first = try site.daemon("--port", "port-a")
                let other = site.bpffs + "-other"
                defer { try? FileManager.default.removeItem(atPath: other) }
                let second = try site.start([
                    "--port", "port-b", "--bpffs", other, "--state-dir", site.path("other"), "--detach-on-exit",
                ])
                try waitUntil("the trouble is said") { second.errors.contains("another daemon answers there") }
                #expect(second.stop().status == 0)
                #expect(try site.status().daemon?.life.pid == first.pid)
            }
        }

        @Test func `the state directory of a daemon elsewhere is left to it`() throws {
            try Site.with { site in
                let first = try site.daemon("--port", "port-a")
                let other = site.bpffs + "-other"
                defer { try? FileManager.default.removeItem(atPath: other) }
                let second = try site.outcome("run", "--port", "port-b", "--bpffs", other)
                #expect(second.status == 1)
                #expect(
                    second.errors == """
                        weir: cannot keep a journal in \(site.path("state")): another weir daemon uses it; stop that one, or \
                        choose another directory (--state-dir)

                        """)
                #expect(!FileManager.default.fileExists(atPath: other))
                #expect(first.stop().status == 0)
            }
        }

        @Test func `a state directory that is full is said, and nothing is lost when there is space again`() throws {
            try Site.with { site in
                try site.mountSmallFileSystem(at: "small", size: "64k")
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs, "--state-dir",
                    site.path("small/state"))
                var traffic = Traffic()
                try traffic.send(site, datagrams: 20, of: 20)
                let fill = [
                    "dd", "if=/dev/zero", "of=\(site.path("small/ballast"))", "bs=4k", "oflag=append", "conv=notrunc",
                ]
                _ = try ChildProcess.outcome(of: fill)
                try traffic.send(site, datagrams: 30, of: 30)
                try waitUntil("status tells of the trouble") {
                    // A window that was being published makes room when it is done.
                    _ = try ChildProcess.outcome(of: fill)
                    return try site.status().daemon?.journal.failure?.hasPrefix("cannot write to the journal ") == true
                }
                let page = try ChildProcess.run(["curl", "-s", "--unix-socket", site.socket, "http://weir/metrics"])
                for line in ["weir_store_failing 0", "weir_store_failures_total 0", "weir_journal_failing 1"] {
                    #expect(page.contains("\n\(line)\n"), "\(line)")
                }
                #expect(!page.contains("\nweir_journal_failures_total 0\n"))
                let check = try site.outcome("status", "--check")
                #expect(check.status == 2 && check.output.hasPrefix("CRITICAL: cannot write to the journal "))
                let windows = try #require(try site.status().daemon).windows.closed
                // Windows would end meanwhile; nothing is swapped.
                for size in 40...43 {
                    try traffic.send(site, datagrams: 10, of: size)
                    Thread.sleep(forTimeInterval: 0.5)
                }
                #expect(try #require(try site.status().daemon).windows.closed <= windows + 1)
                try FileManager.default.removeItem(atPath: site.path("small/ballast"))
                // What failed several times meanwhile is left alone for up to half a minute.
                try waitUntil("all is well again", within: .seconds(60)) {
                    try site.status().daemon.map { $0.failure == nil && $0.journal.failure == nil } ?? false
                }
                try site.waitForWindow()
                #expect(daemon.stop().status == 0)
                #expect(daemon.errors.contains("works again\n"))
                // The segment has another name at each try; what is wrong is said once for as long as it lasts.
                let troubles = daemon.errors.matches(of: #/error: cannot write to the journal/#).count
                let ends = daemon.errors.matches(of: #/writing the journal works again/#).count
                #expect(troubles == ends, "\(daemon.errors)")
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
            }
        }

        @Test func `what waits beyond the bound of the queue is given up but for its totals`() throws {
            try Site.with { site in
                try site.mountSmallFileSystem(at: "small", size: "64k")
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1", "--queue-size", "1MB", "--format", "json", "--log-dir",
                    site.logs, "--store", site.path("small/flows"))
                _ = try ChildProcess.outcome(of: ["dd", "if=/dev/zero", "of=\(site.path("small/ballast"))", "bs=4k"])
                // Two records of 96 bytes for each.
                let flows: UInt64 = 6_000
                try sendFlows(site, count: UInt16(flows))
                try waitUntil("windows are given up") {
                    try site.status().daemon.map { $0.journal.windowsGivenUp > 0 } ?? false
                }
                try FileManager.default.removeItem(atPath: site.path("small/ballast"))
                try ChildProcess.run(["mount", "-o", "remount,size=64m", site.path("small")])
                try waitUntil("all is well again") { try site.status().daemon.map { $0.failure == nil } ?? false }
                let report = try #require(try site.status().daemon)
                #expect(report.journal.recordsGivenUp > 0 && report.journal.packetsGivenUp > 0)
                #expect(daemon.stop().status == 0)
                let lines = try site.logFiles().flatMap { try LogLines.json(try site.unpacked($0)) }
                let recorded = try LogLines.sums(lines).values.reduce(0) { $0 + $1.packets }
                let skipped = try lines.filter { $0["log-status"] == "SKIPDATA" }.reduce(0) {
                    try $0 + LogLines.number($1, "overflow-packets")
                }
                // Both ports saw all of it.
                #expect(skipped == report.journal.packetsGivenUp && recorded + skipped == 2 * flows)
            }
        }

        private func sendFlows(_ site: Site, count: UInt16) throws {
            let injector = try FrameInjector(on: "eth0", in: site.left)
            let ethernet = Layer.ethernet(
                from: try site.left.macAddress(of: "eth0"), to: try site.right.macAddress(of: "eth0"))
            for port in 0..<count {
                let frame = Frame([
                    ethernet, .ipv4(from: "10.9.0.1", to: "10.9.7.7"), .udp(from: 10_000 + port, to: 53),
                ])
                try injector.send(frame.bytes)
            }
        }
    }
}
