// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    @Suite struct SwarmTests {
        /// Every frame that was sent while its tap was attached is in the records of that tap, and nothing is left over.
        @Test func `a thousand ports come, move, are renamed and go, and every frame is in its port's records`() throws
        {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "tap*", "--interval", "1", "--log-dir", site.logs, "--fields",
                    "interface-id srcaddr packets bytes log-status")
                _ = try run(PortSwarm.Plan(taps: 100, seed: 1), site)
                let before = try Holdings(of: daemon, site)
                let (sent, most) = try run(PortSwarm.Plan(taps: 1000, seed: 2), site)
                #expect(most > 700 && sent.count > 800)
                let after = try Holdings(of: daemon, site)
                // Files of the window that is being written come and go.
                try waitUntil("there are no more descriptors than before: \(before.descriptors)") {
                    try Holdings.descriptors(of: daemon) <= before.descriptors
                }
                #expect(after.portPins == [])
                #expect(after.programs == 0)
                #expect(
                    after.residentBytes < before.residentBytes * 11 / 10,
                    "\(before.residentBytes) bytes before, \(after.residentBytes) after")
                #expect(try #require(try site.status().daemon).windows.violations == 0)
                let result = daemon.stop()
                #expect(result.status == 0 && !result.errors.contains("error"), "\(result.errors.suffix(2000))")
            }
        }

        /// Returns when the daemon has forgotten all ports, and their records are written.
        private func run(_ plan: PortSwarm.Plan, _ site: Site) throws -> (sent: PortSwarm.Sent, most: Int) {
            let linesBefore = try sums(site)
            let swarm = try PortSwarm(plan, in: site.hub, far: site.left)
            try swarm.waitUntilAllAreAttached(within: .seconds(240))
            let most = try site.status().ports.count
            let sent = try swarm.finish(within: .seconds(120))
            try waitUntil("all ports are forgotten", within: .seconds(60)) { try site.status().ports.isEmpty }
            for _ in 0..<3 { try site.waitForWindow() }
            let recorded = try sums(site).filter { linesBefore[$0.key] != $0.value }.map { address, count in
                let past = linesBefore[address] ?? PortSwarm.Count(packets: 0, octets: 0)
                return (
                    address,
                    PortSwarm.Count(packets: count.packets - past.packets, octets: count.octets - past.octets)
                )
            }
            #expect(Dictionary(uniqueKeysWithValues: recorded) == sent)
            return (sent, most)
        }

        /// What the published lines of the swarm's own addresses add up to.
        private func sums(_ site: Site) throws -> PortSwarm.Sent {
            var sums: PortSwarm.Sent = [:]
            let script = "find \(site.logs) -name '*.gz' | xargs -r zcat | awk '$5 == \"OK\" && $2 ~ /^10\\./'"
            for line in try ChildProcess.run(["sh", "-c", script]).split(separator: "\n") {
                let values = line.split(separator: " ")
                let count = PortSwarm.Count(
                    packets: try #require(UInt64(values[2])), octets: try #require(UInt64(values[3])))
                let sum = sums[String(values[1])] ?? PortSwarm.Count(packets: 0, octets: 0)
                sums[String(values[1])] = PortSwarm.Count(
                    packets: sum.packets + count.packets, octets: sum.octets + count.octets)
            }
            return sums
        }
    }
}

/// What a daemon holds.
private struct Holdings {
    let descriptors: Int
    let residentBytes: Int
    /// Directories of ports, and links in them.
    let portPins: [String]
    /// How many programs are on the site's tables, whoever holds them.
    let programs: Int

    init(of daemon: ChildProcess, _ site: Site) throws {
        descriptors = try Self.descriptors(of: daemon)
        let status = try String(contentsOfFile: "/proc/\(daemon.pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        residentBytes = try #require(line.split(separator: " ").compactMap { Int($0) }.first) * 1024
        portPins = try ChildProcess.run(["find", site.bpffs, "-mindepth", "3"]).split(separator: "\n").map(String.init)
        programs = try Self.countPrograms(site)
    }

    static func descriptors(of daemon: ChildProcess) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.pid)/fd").count
    }

    private static func countPrograms(_ site: Site) throws -> Int {
        let control = try #require(
            try ChildProcess.run(["find", site.bpffs, "-name", "weir_control"]).split(separator: "\n").first)
        let map = try facts(["map", "show", "pinned", String(control)], as: Map.self)
        return try facts(["prog", "show"], as: [Program].self).filter { $0.maps?.contains(map.id) == true }.count
    }

    /// What bpftool says.
    private static func facts<Facts: Decodable>(_ arguments: [String], as type: Facts.Type) throws -> Facts {
        let text = try ChildProcess.run(["bpftool", "-j"] + arguments)
        return try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    private struct Map: Decodable { let id: Int }

    private struct Program: Decodable {
        let maps: [Int]?

        enum CodingKeys: String, CodingKey { case maps = "map_ids" }
    }
}
