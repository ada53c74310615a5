// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowRecorder
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// As much traffic as the machine makes, for as long as is asked for: every packet in the records, once, and a daemon
    /// that grows no larger.
    @Suite struct SoakTests {
        /// tools/soak asks for half an hour, with windows as long as operators have them.
        private static let seconds = setting("WEIR_SOAK_SECONDS") ?? 10
        private static let interval = max(1, seconds / 60)

        @Test func `nothing is unaccounted for and memory stays as it is at the highest rate there is`() throws {
            try Site.with { site in
                if let binary = ProcessInfo.processInfo.environment["WEIR_SOAK_BINARY"] { site.executable = binary }
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "\(Self.interval)", "--log-dir", site.logs, "--fields",
                    "interface-id srcport packets bytes log-status")
                let clock = ContinuousClock.now
                let senders = try [0, 1].map { try FloodTraffic(site, on: $0, atMost: Self.seconds + 120) }
                let memory = try watch(site, daemon, senders)
                let sent = try senders.map { try $0.stop() }
                let packets = sent.joined().reduce(0, +)
                let took = ContinuousClock.now - clock
                let report = try #require(try site.status().daemon)
                #expect(report.windows.violations == 0 && report.journal.recordsGivenUp == 0 && report.failure == nil)
                let ended = daemon.stop(SIGTERM, grace: .seconds(60))
                #expect(ended.status == 0, "\(ended.errors)")
                try expectAll(site, sent)
                print(
                    "\(packets) datagrams in \(took / .seconds(1)) s, \(report.windows.closed) windows, "
                        + "resident MB: \(memory.map { String(Double($0 / 100_000) / 10) }.joined(separator: " "))")
            }
        }

        /// Waits for the end of the run. The daemon's memory, taken at sixteen moments of it.
        private func watch(_ site: Site, _ daemon: ChildProcess, _ senders: [FloodTraffic]) throws -> [UInt64] {
            let pause = Double(Self.seconds) / 16
            var memory: [UInt64] = []
            for _ in 0..<16 {
                Thread.sleep(forTimeInterval: pause)
                #expect(daemon.isRunning && senders.allSatisfy(\.isRunning))
                memory.append(try #require(try site.status().daemon?.life.residentBytes))
            }
            // The first quarter fills buffers that are used again and again. A busy moment may make one grow later, once; a leak grows on.
            let quarters = try [memory[4..<8], memory[8..<12], memory[12...]].map { Double(try #require($0.max())) }
            let growth = zip(quarters, quarters.dropFirst()).map { $1 / $0 }
            #expect(growth.contains { $0 < 1.02 } && growth.reduce(1, *) < 1.25, "\(memory)")
            return memory
        }

        private func expectAll(_ site: Site, _ sent: [[UInt64]]) throws {
            let logged = try Self.sums(site)
            for flow in 0..<FloodTraffic.flows {
                let packets = sent.reduce(0) { $0 + $1[flow] }
                let expected = "\(packets) \(packets * FloodTraffic.octets)"
                for port in ["port-a", "port-b"] {
                    let name = "\(port) \(Int(FloodTraffic.firstPort) + flow)"
                    guard logged[name] != expected else { continue }
                    Issue.record("\(name): sent \(expected), logged \(logged[name] ?? "nothing")")
                }
            }
            #expect(logged.count == 2 * FloodTraffic.flows, "nothing else is logged")
        }

        /// Packets and octets of all lines, by interface and source port: some millions of lines.
        private static func sums(_ site: Site) throws -> [String: String] {
            let program = """
                $5 == "OK" { key = $1 " " $2; packets[key] += $3; octets[key] += $4 }
                $5 == "SKIPDATA" { packets["SKIPDATA"] += 1 }
                END { for (key in packets) printf "%s,%.0f %.0f\\n", key, packets[key], octets[key] }
                """
            try site.write(program, to: "sums.awk")
            let text = try ChildProcess.run([
                "sh", "-c", "find \(site.logs) -type f -exec zcat {} + | awk -f \(site.path("sums.awk"))",
            ])
            return Dictionary(
                uniqueKeysWithValues: text.split(separator: "\n").map { line in
                    let parts = line.split(separator: ",").map(String.init)
                    return (parts[0], parts[1])
                })
        }

        private static func setting(_ name: String) -> Int? {
            ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
        }
    }
}
