// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DurableFiles
import FlowModel
import FlowRecorder
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// A daemon, or its weir-export, that dies as by `kill -9` at each step from the kernel's tables to the published file: at the end
    /// every packet is in the store and in the files once.
    @Suite struct FaultTests {
        private static let run = ["run", "--port", "port-[ab]", "--interval", "1", "--format", "json"]

        /// On the way from the store to files.
        private static let pointsOfExport: [FaultPoint] = [
            .beforeCommit, .afterCommit, .midRename, .afterRename, .beforeCursor, .afterCursor, .beforeCommitDelete,
        ]
        private static let pointsOfDaemon = FaultPoint.allCases.filter { !pointsOfExport.contains($0) }

        @Test(arguments: pointsOfExport.flatMap { [($0, 1, "json"), ($0, 2, "json"), ($0, 2, "parquet")] })
        func `weir-export that dies anywhere loses nothing, and publishes nothing twice`(
            point: FaultPoint, count: Int, format: String
        ) throws {
            try Site.with { site in
                var traffic = Traffic()
                try site.weir("attach", "port-a", "port-b")
                try traffic.send(site, datagrams: 10, of: 10)
                let daemon = try site.start(
                    [
                        "--port", "port-[ab]", "--interval", "1", "--format", format, "--log-dir", site.logs,
                        "--publish-period", "1",
                    ], environment: ["WEIR_FAULT": "\(point.name):\(count)"])
                try waitUntil("the daemon answers") { try site.isMeasuring(daemon) }
                var sent = 0
                while try site.status().daemon?.delivery.export?.restarts == 0, sent < 500 {
                    try traffic.send(site, datagrams: 5, of: 20)
                    sent += 1
                    Thread.sleep(forTimeInterval: 0.05)
                }
                #expect(try site.status().daemon?.delivery.export?.restarts == 1)
                try traffic.send(site, datagrams: 11, of: 40)
                try site.waitForWindow()
                let ended = daemon.stop()
                #expect(ended.status == 0 && ended.errors.contains("weir-export: signal 9 ended it"), "\(ended.errors)")
                try expectExactlyOnce(site, traffic)
            }
        }

        @Test(arguments: pointsOfDaemon.map { ($0, 2) } + [(.afterSwap, 1), (.beforeRelease, 1)])
        func `a daemon that dies anywhere loses nothing, and publishes nothing twice`(
            point: FaultPoint, count: Int
        ) throws {
            try Site.with { site in
                var traffic = Traffic()
                try site.weir("attach", "port-a", "port-b")
                try traffic.send(site, datagrams: 10, of: 10)
                let first = try site.start(
                    Array(Self.run.dropFirst()) + ["--log-dir", site.logs],
                    environment: ["WEIR_FAULT": "\(point.name):\(count)"])
                var sent = 0
                while first.isRunning, sent < 1000 {
                    try traffic.send(site, datagrams: 5, of: 20)
                    sent += 1
                    Thread.sleep(forTimeInterval: 0.02)
                }
                #expect(try first.wait().status == 128 + SIGKILL, "\(first.errors)")
                try traffic.send(site, datagrams: 7, of: 30)
                let second = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1", "--format", "json", "--log-dir", site.logs)
                try traffic.send(site, datagrams: 11, of: 40)
                try site.waitForWindow()
                #expect(try site.status().daemon?.journal.damagedSegments == [])
                let ended = second.stop()
                #expect(ended.status == 0, "\(ended.errors)")
                try expectExactlyOnce(site, traffic)
            }
        }

        private func expectExactlyOnce(_ site: Site, _ traffic: Traffic) throws {
            let files = try LogLines.json(try site.publishedLines())
            let store = try LogLines.json(try site.weir("logs", "--since", "1h", "--json"))
            for lines in [files, store] {
                #expect(try LogLines.sums(lines) == traffic.expected)
                #expect(lines.allSatisfy { $0["log-status"] != "SKIPDATA" })
                // A flow has one line in a window.
                let keys = try lines.filter { $0["log-status"] == "OK" }.map { line in
                    "\(try LogLines.flow(line)) \(line["window-start"] ?? "") \(line["first-ms"] ?? "")"
                }
                #expect(Set(keys).count == keys.count)
            }
            #expect(try ChildProcess.run(["find", site.path("state/journal"), "-type", "f"]) == "")
            #expect(!FileManager.default.fileExists(atPath: site.path("state/sinks/files/commit")))
        }

        @Test func `a segment that is damaged is named, and what is missing in it is overflow`() throws {
            try Site.with { site in
                let arguments = ["--port", "port-[ab]", "--interval", "1", "--format", "json", "--log-dir", site.logs]
                var traffic = Traffic()
                try site.weir("attach", "port-a", "port-b")
                try traffic.send(site, datagrams: 10, of: 10)
                let first = try site.start(arguments, environment: ["WEIR_FAULT": "before-store-rename"])
                #expect(try first.wait().status == 128 + SIGKILL)
                let folder = site.path("state/journal")
                let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).sorted().first)
                var bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
                // The addresses of the flow that was sent from port 4000.
                let place = try #require(bytes.firstRange(of: [0xA0, 0x0F, 53, 0, 1, 0, 17]))
                bytes[place.lowerBound - 8] ^= 1
                try bytes.write(to: URL(filePath: "\(folder)/\(name)"))
                let second = try site.start(arguments, environment: [:])
                try waitUntil("the daemon names it") { try site.status().daemon?.journal.damagedSegments == [name] }
                #expect(second.errors.contains("the journal's segment \(name) is damaged"))
                #expect(try site.weir("status").contains("damaged: \(name)"))
                #expect(second.stop().status == 0)
                let lines = try site.logFiles().flatMap { try LogLines.json(try site.unpacked($0)) }
                #expect(try LogLines.sums(lines).isEmpty)
                let skipped = try lines.filter { $0["log-status"] == "SKIPDATA" }.reduce(0) {
                    try $0 + LogLines.number($1, "overflow-packets")
                }
                #expect(skipped == traffic.expected.values.reduce(0) { $0 + $1.packets })
            }
        }

        @Test func `the window that was open when the daemon started says so, and no other does`() throws {
            try Site.with { site in
                let arguments = ["--port", "port-[ab]", "--interval", "2", "--format", "json", "--log-dir", site.logs]
                var traffic = Traffic()
                let first = try site.start(arguments, environment: [:])
                try waitUntil("the daemon answers") { try site.isMeasuring(first) }
                try traffic.send(site, datagrams: 5, of: 5)
                try site.waitForWindow()
                try traffic.send(site, datagrams: 6, of: 6)
                first.stop(SIGKILL)
                let second = try site.start(arguments, environment: [:])
                try waitUntil("the daemon answers") { try site.isMeasuring(second) }
                try site.waitForWindow()
                try traffic.send(site, datagrams: 7, of: 7)
                #expect(second.stop().status == 0)
                let lines = try site.logFiles().flatMap { try LogLines.json(try site.unpacked($0)) }
                #expect(try LogLines.sums(lines) == traffic.expected)
                let flows = lines.filter { $0["log-status"] == "OK" }
                let marks = try flows.reduce(into: [UInt64: Set<String>]()) { marks, line in
                    marks[try LogLines.number(line, "packets"), default: []].insert(line["restarted"] ?? "-")
                }
                #expect(marks == [5: ["-"], 6: ["1"], 7: ["-"]])
            }
        }
    }
}
