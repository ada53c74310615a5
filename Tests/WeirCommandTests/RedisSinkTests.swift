// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Reporting
import Testing

extension WeirCommandSuite {
    /// Redis as a sink of the daemon's own process, with real traffic.
    @Suite struct RedisSinkTests {
        private static let reader = """
            for id, fields in ask(b"XRANGE", b"weir:{node1}:records", b"-", b"+"): print(fields[1].decode())
            """

        @Test func `records reach Redis once while it is killed, and a server that hangs delays no other sink`() throws
        {
            try Site.with { site in
                let redis = try RedisProcess(
                    ["--appendonly", "yes"] + RedisProcess.user("weir", "verysecret"), in: site.hub)
                let silent = try RedisProcess()
                let files = site.path("files")
                try site.write(
                    """
                    ports: ["port-[ab]"]
                    interval: 1
                    sinks:
                      - {name: silent, type: redis, to: "redis+unix://\(silent.socket)", records: true}
                      - {name: r, type: redis, to: "redis://weir:verysecret@127.0.0.1:\(redis.port)", records: true, host: node1}
                      - {name: f, type: files, to: \(files), format: json, publish-period: 1s}
                    """, to: "weir.yaml")
                let daemon = try site.daemon("--config", site.path("weir.yaml"))
                let traffic = try SteadyTraffic(site, atMost: 60)
                try waitUntil("all deliver") {
                    try ["silent", "r", "f"].allSatisfy { try sink(site, $0).counts.records > 0 }
                }
                silent.freeze()
                redis.kill()
                try waitUntil("the server that is away is said") {
                    try sink(site, "r").failure?.contains("connection refused") == true
                }
                try waitUntil("the server that hangs is said") {
                    try sink(site, "silent").failure?.contains("does not answer within 5 s") == true
                }
                let before = try sink(site, "f").acknowledged
                try waitUntil("the files go on") {
                    try sink(site, "f").acknowledged >= before + 3
                }
                let said = try site.weir("status") + site.weir("status", "--json") + site.weir("config", "show")
                #expect(said.contains("redis://weir:***@127.0.0.1:\(redis.port)/0") && !said.contains("verysecret"))
                try redis.start()
                silent.thaw()
                try waitUntil("both catch up", within: .seconds(60)) {
                    try ["silent", "r"].allSatisfy {
                        try sink(site, $0).windowsBehind <= 1 && sink(site, $0).acknowledged > before
                    }
                }
                let expected = try traffic.stop()
                let result = daemon.stop(grace: .seconds(30))
                #expect(result.status == 0 && !result.errors.contains("verysecret"), "\(result.errors)")
                let text = try redis.python(Self.reader)
                #expect(try LogLines.sums(LogLines.json(text)) == expected)
                let published = try site.logFiles(in: files).map { try site.unpacked($0) }.joined()
                #expect(text.split(separator: "\n").sorted() == published.split(separator: "\n").sorted())
            }
        }

        private func sink(_ site: Site, _ name: String) throws -> SinkReport {
            try #require(try site.status().daemon?.delivery.sinks.first { $0.name == name })
        }
    }
}
