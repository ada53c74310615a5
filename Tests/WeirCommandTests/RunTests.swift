// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    @Suite struct RunTests {
        @Test(arguments: [SIGTERM, SIGINT])
        func `AWS files add up to every packet that was sent, and carry AWS's names`(signal: Int32) throws {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-a", "--port", "port-b", "--port", "port-idle", "--interval", "1", "--log-dir",
                    site.logs, "--format", "aws")
                var traffic = Traffic()
                try traffic.ping(site)
                try site.waitForWindow()
                try traffic.send(site, datagrams: 300, of: 100)
                try site.waitForWholeWindow()
                try traffic.send(site, datagrams: 200, of: 1000)
                try site.waitForWindow()
                let result = daemon.stop(signal)

                #expect(result.status == 0, "\(result.errors)")
                #expect(result.output == "")
                let lines = try site.awsLines()
                #expect(try LogLines.sums(lines) == traffic.expected)
                try checkNames(of: try site.logFiles(), in: site.logs)
                try checkIdle(lines)
                try checkActions(lines)
                #expect(try site.status().ports.map(\.state) == ["attached", "attached", "attached"])
            }
        }

        /// `aws_account_id_vpcflowlogs_region_flow_log_id_YYYYMMDDTHHmmZ_hash.log.gz`, in folders by account, region and day.
        private func checkNames(of files: [String], in logs: String) throws {
            let folders = #/AWSLogs/123456789012/vpcflowlogs/local-1/(\d{4})/(\d\d)/(\d\d)/(.+)/#
            let name =
                #/123456789012_vpcflowlogs_local-1_fl-[0-9a-f]{8}_(\d{4})(\d\d)(\d\d)T\d{4}Z_[0-9a-f]{8}\.log\.gz/#
            #expect(!files.isEmpty)
            for file in files {
                let place = try #require(try folders.wholeMatch(in: file.dropFirst(logs.count + 1)), "\(file)")
                let parts = try #require(try name.wholeMatch(in: place.4), "\(file)")
                #expect((place.1, place.2, place.3) == (parts.1, parts.2, parts.3))
            }
        }

        private func checkIdle(_ lines: [LogLine]) throws {
            let idle = lines.filter { $0["interface-id"] == "port-idle" }
            #expect(idle.count >= 2)
            for line in idle {
                #expect(line["log-status"] == "NODATA" && line["packets"] == "-" && line["srcaddr"] == "-")
            }
        }

        /// Only delivery to the guest was seen to happen; what a guest sent may still be dropped.
        private func checkActions(_ lines: [LogLine]) throws {
            for line in lines where line["log-status"] == "OK" {
                let isFromLeft = line["srcaddr"] == "10.9.0.1" || line["srcaddr"] == "fd09::1"
                let isToGuest = isFromLeft == (line["interface-id"] == "port-b")
                #expect(line["action"] == (isToGuest ? "ACCEPT" : "-"))
                #expect(line["version"] == "2" && line["account-id"] == "123456789012")
            }
        }

        @Test func `windows end on multiples of the interval, the last one when the daemon is told to end`() throws {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-?", "--interval", "3", "--log-dir", site.logs, "--format", "json")
                var traffic = Traffic()
                try traffic.send(site, datagrams: 50, of: 10)
                try site.waitForWindow()
                try traffic.send(site, datagrams: 70, of: 10)
                #expect(daemon.stop().status == 0)

                let files = try site.logFiles()
                #expect(files.allSatisfy { $0.hasSuffix(".json.gz") })
                let lines = try files.flatMap { try LogLines.json(try site.unpacked($0)) }
                #expect(try LogLines.sums(lines) == traffic.expected)
                let flows = lines.filter { $0["log-status"] == "OK" }
                let ends = Dictionary(grouping: flows) { $0["flow-end-reason"] }
                #expect(Set(ends.keys) == ["active timeout", "forced end"])
                for line in ends["active timeout"] ?? [] {
                    #expect(try LogLines.number(line, "window-end") % 3 == 0)
                }
                for line in ends["forced end"] ?? [] {
                    #expect(try LogLines.number(line, "window-start") % 3 == 0)
                    #expect(line["packets"] == "70")
                }
                // Also of the window that the stop cut short within a second.
                for line in flows {
                    #expect(try LogLines.number(line, "first-ms") >= LogLines.number(line, "window-start") * 1000)
                    #expect(try LogLines.number(line, "last-ms") <= LogLines.number(line, "window-end") * 1000)
                }
                #expect(flows.allSatisfy { $0["flow-direction"] == ($0["port"] == "port-a" ? "egress" : "ingress") })
            }
        }

        @Test func `standard output has the lines of the files`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-[ab]", "--log-dir", site.logs, "--stdout")
                var traffic = Traffic()
                try traffic.ping(site, count: 2)
                let result = daemon.stop()
                #expect(result.status == 0)
                #expect(try LogLines.sums(try LogLines.aws(result.output)) == traffic.expected)
                let files = try site.logFiles().map { try site.unpacked($0) }
                #expect(files == [result.output])
            }
        }

        @Test func `without a log directory lines go to standard output`() throws {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-a", "--interval", "1h", "--fields", "interface-id, packets ,flow-direction")
                var traffic = Traffic()
                try traffic.send(site, datagrams: 7, of: 7)
                let result = daemon.stop()
                let line = "port-a 7 egress\n"
                #expect(result.output == "interface-id packets flow-direction\n" + line + line)
            }
        }

        @Test func `--detach-on-exit leaves the ports as they were found`() throws {
            try Site.with { site in
                let before = try site.traces()
                let daemon = try site.daemon("--port", "port-*", "--detach-on-exit")
                #expect(try site.status().ports.count == 3)
                #expect(daemon.stop().status == 0)
                #expect(try site.isClean())
                // What the daemon keeps of its own stays.
                try FileManager.default.removeItem(atPath: site.path("state"))
                #expect(try site.traces() == before)
            }
        }

        @Test func `a reader that goes away ends a daemon that has nobody else to measure for`() throws {
            try Site.with { site in
                let shell = "\"$0\" run --port port-a --interval 1 | head -n 2; echo status ${PIPESTATUS[0]}"
                let result = try ChildProcess.outcome(
                    of: ["nsenter", "--net=\(site.hub.path)", "bash", "-c", shell, Site.binary],
                    environment: site.environment)
                #expect(result.output.hasSuffix("NODATA\nstatus 0\n"))
                #expect(
                    result.errors.contains(
                        "cannot print to standard output: its reader is gone; nothing more is printed"))
                #expect(result.errors.contains("ended after the reader of its lines had gone"))
            }
        }
    }
}
