// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// What another process takes away while the daemon measures, or before it starts.
    @Suite struct InterruptionTests {
        /// Things that are taken away one after the other, each with the port that lost frames.
        private static let losses: [(command: String, interrupted: String?)] = [
            ("bpftool link detach pinned $L/ports/1/from", "port-a"), ("rm $L/ports/1/to", "port-a"),
            ("rm $L/ports/2/totals", nil), ("rm -r $L/ports/2", "port-b"), ("rm $L/weir_control $L/weir_ports", nil),
            ("rm -r $L", "port-b"), ("rm -r $WEIR_BPFFS", "port-a"),
        ]

        @Test func `what is taken away is put back within seconds, said, counted and marked, and nothing else is lost`()
            throws
        {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-*", "--interval", "2", "--log-dir", site.logs, "--format", "json")
                try site.waitForWindow()
                let pins = try site.pins()
                var traffic = Traffic()
                var interruptions: UInt64 = 0
                for (command, interrupted) in Self.losses {
                    try traffic.send(site, datagrams: 5, of: 10)
                    try site.take(command)
                    try waitUntil("\(command): \(daemon.errors)") {
                        try site.pins() == pins && site.status().ports.allSatisfy { $0.state == "attached" }
                    }
                    if interrupted != nil { interruptions += 1 }
                    try traffic.send(site, datagrams: 5, of: 10)
                    try site.waitForWindow()
                }
                let coverage = try #require(try site.status().daemon?.ports.coverage)
                #expect(coverage.interruptions >= interruptions && coverage.impaired == [])
                #expect(try site.status().daemon?.windows.violations == 0)
                #expect(try site.weir("status").contains("mended "))
                #expect(daemon.stop().status == 0)
                #expect(
                    daemon.errors.contains("port-a: the program on the from side was detached; Weir attached it again"))
                #expect(!daemon.errors.contains("is gone"))
                try check(site, traffic)
            }
        }

        private func check(_ site: Site, _ traffic: Traffic) throws {
            let lines = try site.logFiles().flatMap { try LogLines.json(try site.unpacked($0)) }
            #expect(try LogLines.sums(lines) == traffic.expected, "what was sent while all was in place")
            let incomplete = Dictionary(grouping: lines.filter { $0["incomplete"] == "1" }) { $0["port"] ?? "" }
            for port in ["port-a", "port-b", "port-idle"] {
                let marked = Dictionary(grouping: incomplete[port] ?? []) { $0["window-start"] ?? "" }
                #expect(!marked.isEmpty)
                for (window, marked) in marked {
                    let status = lines.filter { $0["port"] == port && $0["window-start"] == window }
                        .compactMap { $0["log-status"] }
                    #expect(!status.contains("NODATA") && status.filter { $0 == "SKIPDATA" }.count == 1)
                    #expect(status.count == marked.count && marked.allSatisfy { $0["incomplete-reason"] != nil })
                }
            }
        }

        @Test
        func `what was detached while no daemon ran is attached by the next, or by an attach, on the same number`()
            throws
        {
            try Site.with { site in
                try site.weir("attach", "port-a", "port-b")
                try site.take("bpftool link detach pinned $L/ports/1/from")
                let damaged = try site.status().ports[0]
                #expect(damaged.state == "damaged" && damaged.faults == ["the program on the from side was detached"])
                #expect(
                    try site.weir("status").contains("port-a: damaged: the program on the from side was detached\n"))
                let mended = try site.outcome("attach", "port-a")
                #expect(mended.succeeded && mended.output.contains("which is mended: attached as port 1,"), "\(mended)")
                #expect(try site.status().ports.map(\.state) == ["attached", "attached"])

                try site.take("bpftool link detach pinned $L/ports/2/to")
                let daemon = try site.daemon("--port", "port-?", "--log-dir", site.logs)
                #expect(try site.status().ports.map { "\($0.number) \($0.state)" } == ["1 attached", "2 attached"])
                #expect(try site.status().daemon?.ports.coverage?.interruptions == 1)
                #expect(daemon.stop().status == 0)
                let status = try site.awsLines().map { "\($0["interface-id"] ?? "") \($0["log-status"] ?? "")" }
                #expect(status.filter { $0.hasPrefix("port-b") } == ["port-b SKIPDATA"])
            }
        }

        @Test func `what an operator detaches is no interruption`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-?", "--interval", "1", "--log-dir", site.logs)
                #expect(try site.weir("detach", "port-a").hasSuffix("; the daemon writes its last records\n"))
                for _ in 0..<4 { try site.waitForWindow() }
                #expect(try site.status().daemon?.ports.coverage?.interruptions == 0)
                try site.weir("detach", "--all")
                for _ in 0..<4 { try site.waitForWindow() }
                #expect(try site.status().daemon?.ports.coverage?.interruptions == 0)
                #expect(daemon.stop().status == 0)
                #expect(try site.awsLines().allSatisfy { $0["log-status"] != "SKIPDATA" })
            }
        }

        @Test func `a daemon whose pins cannot be made again writes what it has and ends with a failure`() throws {
            try Site.with { site in
                let place = site.path("bpf")
                try site.mount("bpf", at: place)
                let daemon = try site.start(
                    ["--port", "port-[ab]", "--log-dir", site.logs], environment: ["WEIR_BPFFS": "\(place)/weir"])
                try waitUntil("the daemon measures") {
                    let pin = try ChildProcess.outcome(of: ["find", "\(place)/weir", "-path", "*/2/from"]).output
                    return !pin.isEmpty && FileManager.default.fileExists(atPath: site.socket)
                }
                var traffic = Traffic()
                try traffic.send(site, datagrams: 5, of: 10)
                try ChildProcess.run(["umount", "-l", place])
                try waitUntil("the daemon ends") { !daemon.isRunning }
                #expect(daemon.stop().status == 1)
                #expect(daemon.errors.contains("cannot go on measuring under \(place)/weir"), "\(daemon.errors)")
                let again = try site.daemon("--port", "port-[ab]", "--log-dir", site.logs)
                #expect(again.stop().status == 0)
                let lines = try site.awsLines()
                #expect(try LogLines.sums(lines) == traffic.expected, "\(lines) \(daemon.errors)")
            }
        }

        @Test func `malformed packets are not no data`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-*", "--interval", "1", "--log-dir", site.logs)
                try site.waitForWindow()
                let injector = try FrameInjector(on: "eth1", in: site.left)
                var frame = Frame(.ethernet(), .ipv4(), .udp(from: 1, to: 2), .payload(20)).bytes
                frame[14] = 0x41
                for _ in 0..<20 {
                    try injector.send(frame)
                    Thread.sleep(forTimeInterval: 0.1)
                }
                try site.waitForWindow()
                #expect(try site.status().ports.first { $0.name == "port-idle" }?.egress.malformed.packets == 20)
                #expect(daemon.stop().status == 0)
                let silent = try site.awsLines().filter { $0["log-status"] == "NODATA" }
                let idle = silent.filter { $0["interface-id"] == "port-idle" }
                let other = silent.filter { $0["interface-id"] == "port-a" }
                #expect(idle.count < other.count, "windows with malformed packets alone have no NODATA")
            }
        }
    }
}

extension Site {
    /// All that is pinned, by path, but what a policy may add.
    fileprivate func pins() throws -> [String] {
        try ChildProcess.outcome(of: ["find", bpffs]).output.split(separator: "\n").map(String.init).sorted()
    }

    /// Runs a line of shell as another process would: `$L` is the directory of the layout.
    fileprivate func take(_ command: String) throws {
        let layout = "L=$(echo \(bpffs)/v*); "
        try ChildProcess.run(
            ["nsenter", "--net=\(hub.path)", "bash", "-c", layout + command], environment: environment)
    }
}
