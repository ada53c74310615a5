// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import FlowModel
import FlowRecorder
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    @Suite struct WithDaemonTests {
        @Test func `dump and status do not disturb what is written`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs)
                var traffic = Traffic()
                for _ in 0..<10 {
                    try traffic.send(site, datagrams: 100, of: 20)
                    try site.weir("dump")
                    try site.weir("dump", "--json", "port-a")
                    try site.weir("status")
                }
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
            }
        }

        @Test func `status tells of the daemon and of memory`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs)
                try site.waitForWindow()
                let status = try site.status()
                let report = try #require(status.daemon)
                #expect(status.measuredBy == daemon.pid && report.life.pid == daemon.pid)
                #expect(report.life.intervalSeconds == 1 && report.delivery.sinks.first?.to == site.logs)
                #expect(report.windows.violations == 0 && report.journal.recordsGivenUp == 0 && report.failure == nil)
                #expect(status.window?.closes.map { $0 >= Int64(Date.now.timeIntervalSince1970) - 1 } == true)
                // At most 192 bytes a flow of the table, and 60 MB for an idle daemon.
                let table = try #require(status.table)
                #expect(table.engine == "line" && table.flowBudget == 262_144)
                #expect((1_000_000...192 * 262_144).contains(table.tableBytes) && table.memoryBytes > table.tableBytes)
                #expect((1_000_000...60_000_000).contains(try #require(report.life.residentBytes)))
                let text = try site.weir("status")
                #expect(text.hasPrefix("daemon    pid \(daemon.pid), a window every 1 s\n"))
                #expect(text.contains("\npackets   0 unaccounted: seen = in records + overflow + not IP + malformed\n"))
                #expect(text.contains(#/\nmemory    \d\d\.\d MB in the kernel, \d+\.\d MB in the daemon\n/#))
            }
        }

        @Test func `a daemon adopts what was attached before it, with its counts`() throws {
            try Site.with { site in
                try site.weir("attach", "port-a", "port-b")
                var traffic = Traffic()
                try traffic.ping(site)
                let daemon = try site.daemon("--port", "port-a", "--log-dir", site.logs)
                #expect(try site.status().ports.map(\.number) == [1, 2])
                try traffic.send(site, datagrams: 30, of: 30)
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
            }
        }

        @Test func `a port that is detached has its last counts written, and is not attached again`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs)
                var traffic = Traffic()
                try traffic.send(site, datagrams: 25, of: 25)
                try site.weir("detach", "port-a")
                for _ in 0..<3 { try site.waitForWindow() }
                #expect(try site.status().ports.map(\.name) == ["port-b"])
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
            }
        }

        @Test func `a port that comes later is attached when it matches`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "late*", "--interval", "1", "--log-dir", site.logs)
                #expect(try site.status().ports.isEmpty)
                try site.left.addPair("eth2", to: site.hub, "late0")
                try waitUntil("late0 is attached") {
                    try site.status().ports.map { [$0.name, $0.state] } == [["late0", "attached"]]
                }
                let injector = try FrameInjector(on: "eth2", in: site.left)
                for _ in 0..<11 { try injector.send(Frame(.ethernet(), .ipv4(), .udp(from: 1, to: 2)).bytes) }
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.awsLines()).values.map(\.packets) == [11])
                #expect(daemon.errors.contains("attached late0 as port 1\n"))
            }
        }

        /// The daemon looks at its ports all the while, and must not take one that is half attached for one that is gone.
        @Test func `a port that is attached beside a daemon stays attached`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "nothing*", "--interval", "1")
                for _ in 0..<10 {
                    try site.weir("attach", "port-a")
                    try site.weir("detach", "port-a")
                }
                try site.weir("attach", "port-b")
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(try site.status().ports.map { "\($0.name) \($0.state)" } == ["port-b attached"])
                let result = daemon.stop()
                #expect(result.status == 0)
                #expect(!result.errors.contains("is gone") && !result.errors.contains("error"), "\(result.errors)")
            }
        }

        @Test(arguments: [["--port", "port-a"], ["--port", "port-*"]])
        func `a port that is deleted has its last window written, and the daemon goes on`(ports: [String]) throws {
            try Site.with { site in
                let daemon = try site.daemon(ports[0], ports[1], "--interval", "2", "--log-dir", site.logs)
                var traffic = Traffic()
                try traffic.send(site, datagrams: 33, of: 33)
                try site.hub.delete("port-a")
                try waitUntil("port-a is forgotten") { try !site.status().ports.contains { $0.name == "port-a" } }
                #expect(daemon.isRunning)
                let after = try site.status()
                #expect(after.daemon?.failure == nil && after.daemon?.windows.violations == 0)
                try site.waitForWindow()
                #expect(daemon.stop().status == 0)
                let lines = try LogLines.sums(try site.awsLines()).filter { $0.key.port == "port-a" }
                #expect(lines == traffic.expected(of: "port-a"))
                #expect(daemon.errors.contains("port-a is gone; its last records come with this window (port 1)\n"))
            }
        }

        @Test func `a port that is renamed goes on under its new name, from the window on in which that was`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-a", "--interval", "2", "--log-dir", site.logs)
                var traffic = Traffic()
                try traffic.send(site, datagrams: 20, of: 20)
                try site.waitForWindow()
                // Renamed while it is down, as older kernels want it.
                try site.hub.ip("link set port-a down")
                try site.hub.ip("link set port-a name uplink9")
                try site.hub.bringUp("uplink9")
                try waitUntil("the port has its new name") { try site.status().ports.map(\.name) == ["uplink9"] }
                let before = try LogLines.sums(try site.awsLines())
                try traffic.send(site, datagrams: 30, of: 30)
                #expect(daemon.stop().status == 0)
                #expect(daemon.errors.contains("port-a is called uplink9 now (port 1)\n"))
                #expect(Set(before.keys.map(\.port)).isSubset(of: ["port-a"]))
                let sums = try LogLines.sums(try site.awsLines())
                #expect(Set(sums.keys.map(\.port)) == ["port-a", "uplink9"])
                let sent = traffic.expected(of: "port-a").values.map(\.packets).reduce(0, +)
                #expect(sums.values.map(\.packets).reduce(0, +) == sent)
            }
        }

        @Test func `a daemon that is killed loses nothing`() throws {
            try Site.with { site in
                let first = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs, "--stdout")
                var traffic = Traffic()
                try traffic.send(site, datagrams: 50, of: 50)
                try site.waitForWindow()
                try traffic.send(site, datagrams: 60, of: 60)
                let killed = first.stop(SIGKILL)
                #expect(killed.status == 128 + SIGKILL)
                try traffic.send(site, datagrams: 70, of: 70)

                let text = try site.weir("status")
                #expect(
                    text.hasPrefix("daemon    none: counting goes on in the open window; start one with weir run\n"))
                #expect(!text.contains("due at"))
                let second = try site.daemon("--port", "port-[ab]", "--interval", "1", "--stdout")
                try traffic.send(site, datagrams: 80, of: 80)
                let ended = second.stop()
                #expect(ended.status == 0)
                let lines = try LogLines.aws(killed.output) + LogLines.aws(ended.output)
                #expect(try LogLines.sums(lines) == traffic.expected)
            }
        }

        @Test func `a daemon that does not answer does not hold up status`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-a")
                daemon.signal(SIGSTOP)
                defer { daemon.signal(SIGCONT) }
                let text = try site.weir("status")
                #expect(
                    text.hasPrefix(
                        "daemon    pid \(daemon.pid), which does not answer on its socket (--socket, WEIR_SOCKET)\n"))
            }
        }

        @Test func `the second daemon names the first, and the first goes on`() throws {
            try Site.with { site in
                let first = try site.daemon("--port", "port-[ab]", "--log-dir", site.logs)
                let before = try site.traces()
                let second = try site.outcome("run", "--port", "port-idle", "--log-dir", site.path("other"))
                #expect(second.status == 1)
                #expect(
                    second.errors == """
                        weir: cannot measure under \(site.bpffs): another weir daemon (pid \(first.pid)) already uses it; \
                        stop that one first, or use another directory (--bpffs)

                        """)
                #expect(try site.traces() == before)
                var traffic = Traffic()
                try traffic.send(site, datagrams: 9, of: 9)
                #expect(first.stop().status == 0)
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
            }
        }
    }
}
