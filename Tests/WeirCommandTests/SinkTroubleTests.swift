// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// What becomes of the others when one sink, or the store itself, is in trouble.
    @Suite struct SinkTroubleTests {
        @Test func `a sink whose disk is full for three windows holds up no other sink`() throws {
            try Site.with { site in
                try site.mountSmallFileSystem(at: "small", size: "256k")
                let folders = [site.path("small/logs"), site.path("whole")]
                try site.write(
                    """
                    ports: ["port-[ab]"]
                    interval: 1
                    sinks:
                      - {name: small, type: files, to: \(folders[0]), format: json, publish-period: 1s}
                      - {name: whole, type: files, to: \(folders[1]), format: json, publish-period: 1s}
                    """, to: "weir.yaml")
                let daemon = try site.daemon("--config", site.path("weir.yaml"))
                let traffic = try SteadyTraffic(site, atMost: 60)
                try waitUntil("both deliver") {
                    try sink(site, "small").counts.windows > 0 && sink(site, "whole").counts.windows > 0
                }
                _ = try ChildProcess.outcome(of: ["dd", "if=/dev/zero", "of=\(site.path("small/filler"))", "bs=1k"])
                try waitUntil("the full disk is said") {
                    try sink(site, "small").failure != nil
                }
                let (full, before) = (try sink(site, "small"), try sink(site, "whole"))
                try waitUntil("the other sink goes on") {
                    try sink(site, "whole").acknowledged >= before.acknowledged + 4
                }
                let still = try sink(site, "small")
                #expect(still.acknowledged == full.acknowledged && still.windowsBehind >= 3)
                #expect(try sink(site, "whole").failures == 0)
                try FileManager.default.removeItem(atPath: site.path("small/filler"))
                try waitUntil("the sink catches up") {
                    try sink(site, "small").failure == nil && sink(site, "small").windowsBehind <= 1
                }
                let expected = try traffic.stop()
                #expect(daemon.stop(grace: .seconds(20)).status == 0)
                for folder in folders {
                    let lines = try site.logFiles(in: folder).flatMap { try LogLines.json(try site.unpacked($0)) }
                    #expect(try LogLines.sums(lines) == expected, "\(folder)")
                }
            }
        }

        private func sink(_ site: Site, _ name: String) throws -> SinkReport {
            try #require(try site.status().daemon?.delivery.sinks.first { $0.name == name })
        }

        /// What was in the store is gone, and no more than that: measuring goes on, and the store is made anew.
        @Test func `a store that is removed while the daemon runs is made anew with the next window`() throws {
            try Site.with { site in
                let store = site.path("flows")
                let daemon = try site.daemon("--port", "port-[ab]", "--interval", "1", "--store", store)
                try site.left.run(["ping", "-q", "-c", "3", "-i", "0.2", "10.9.0.2"])
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(try echoes(site, store) == 3)
                // The daemon may add a file meanwhile.
                try waitUntil("the store is removed") {
                    try? FileManager.default.removeItem(atPath: store)
                    return !FileManager.default.fileExists(atPath: store)
                }
                try site.left.run(["ping", "-q", "-c", "5", "-i", "0.2", "10.9.0.2"])
                for _ in 0..<2 { try site.waitForWindow() }
                let status = try #require(try site.status().daemon)
                #expect(status.failure == nil && status.windows.violations == 0, "\(status.failure ?? "")")
                let result = daemon.stop()
                #expect(result.status == 0 && !result.errors.contains("error"), "\(result.errors)")
                #expect(try echoes(site, store) == 5)
            }
        }

        /// Requests that came in at the left port.
        private func echoes(_ site: Site, _ store: String) throws -> UInt64 {
            let words = "interface port-a and egress and icmp-type 8"
            let text = try site.weir("logs", "--store", store, "--json", words)
            return try LogLines.json(text).reduce(0) { try $0 + LogLines.number($1, "packets") }
        }
    }
}
