// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowTestKit
import Foundation
import HostMonitor
import LiveStatus
import Testing
import WeirService

extension Site {
    /// What `GET /monitor` answers.
    func monitor() throws -> MonitorReport {
        guard case .answer(200, let body) = HTTPClient.get("/monitor", at: socket) else {
            throw Ended(errors: "no answer")
        }
        return try JSONDecoder().decode(MonitorReport.self, from: Data(body))
    }

    /// Waits until figures are there that were all read after this call began; they have a rate then.
    func monitorReadAnew(_ interval: Duration = .seconds(1)) throws -> MonitorReport {
        // One may have begun before, and the answer is kept for a second.
        Thread.sleep(forTimeInterval: interval / .seconds(1) * 2 + 1.1)
        return try monitor()
    }
}

extension WeirCommandSuite {
    /// The figures of the host and of ports.
    @Suite struct MonitorTests {
        private static func with(_ more: String = "", _ body: (Site) throws -> Void) throws {
            try Site.with { site in
                try site.write(
                    """
                    account-id: 123456789012
                    interval: 1
                    log-dir: \(site.logs)
                    monitor-interval: 1
                    ports:
                      - {match: port-a, instance-id: i-1, instance-name: web 1, project-id: p-1, project-name: shop}
                      - {match: port-b, role: uplink}
                    \(more)
                    """, to: "weir.yaml")
                try body(site)
            }
        }

        private func file(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

        /// The number behind a name in a file of `/proc`, in its unit.
        private func number(_ name: String, in path: String) throws -> UInt64 {
            let line = try #require(try file(path).split(separator: "\n").first { $0.hasPrefix(name) })
            return try #require(line.split { $0 == " " || $0 == ":" }.dropFirst().first.flatMap { UInt64($0) })
        }

        /// What GNU's `stat` of the ticks of all CPUs says.
        private func seconds(_ column: Int) throws -> Double {
            let ticks = try #require(
                try file("/proc/stat").split(separator: " ").dropFirst(column).first.flatMap { Double($0) })
            return ticks / Double(sysconf(CInt(_SC_CLK_TCK)))
        }

        @Test func `the host's figures lie between what its tools say before and after`() throws {
            try Self.with { site in
                _ = try site.daemon()
                let reads: [(String, KeyPath<HostReport, Double>, () throws -> Double)] = [
                    ("user", \.cpu.user, { try seconds(1) }), ("system", \.cpu.system, { try seconds(3) }),
                    ("softirq", \.cpu.softInterrupt, { try seconds(7) }),
                    ("ctxt", \.contextSwitchesNumber, { Double(try number("ctxt", in: "/proc/stat")) }),
                    ("pgpgin", \.pagesInNumber, { Double(try number("pgpgin", in: "/proc/vmstat")) }),
                    ("pgpgout", \.pagesOutNumber, { Double(try number("pgpgout", in: "/proc/vmstat")) }),
                    ("uptime", \.uptimeSeconds, { Double(try file("/proc/uptime").split(separator: " ")[0])! }),
                ]
                let before = try reads.map { try $0.2() }
                let host = try site.monitorReadAnew().host
                let after = try reads.map { try $0.2() }
                for (index, (name, path, _)) in reads.enumerated() {
                    let value = host[keyPath: path]
                    #expect(before[index] <= value && value <= after[index], "\(name)")
                }
                let words = try ChildProcess.run(["uname", "-nrm"]).split { $0 == " " || $0 == "\n" }.map(String.init)
                #expect([host.hostname, host.osRelease, host.machineType] == words && host.osName == "linux")
                #expect(try "\(host.cpu.count)\n" == ChildProcess.run(["nproc", "--all"]))
                #expect(try host.memory.total == number("MemTotal", in: "/proc/meminfo") * 1024)
                #expect(try host.memory.swapTotal == number("SwapTotal", in: "/proc/meminfo") * 1024)
                let size = try ChildProcess.run(["stat", "-f", "-c", "%b %S", "/"]).split { $0 == " " || $0 == "\n" }
                #expect(host.rootBytes == size.compactMap { UInt64($0) }.reduce(1, *))
                let disks = try ChildProcess.run(["lsblk", "-adno", "NAME"]).split(separator: "\n").map { String($0) }
                #expect(!host.disks.isEmpty && host.disks.allSatisfy { disks.contains($0.device) })
                let busy = try #require(host.cpu.busyPercent)
                #expect((0...100).contains(busy))
            }
        }

        @Test func `interfaces are those of the daemon's namespace, with the kernel's counters, and rates`() throws {
            try Self.with { site in
                _ = try site.daemon()
                try site.waitForPorts(["port-a", "port-b"])
                try site.hub.ip("link set port-idle down")
                try site.left.run(["ping", "-q", "-c", "7", "-i", "0.01", "-s", "1000", "10.9.0.2"])
                let host = try site.monitorReadAnew().host
                struct Link: Decodable {
                    struct Statistics: Decodable { var rx, tx: [String: UInt64] }
                    var ifname: String, ifindex: Int, address: String, operstate: String, stats64: Statistics
                }
                let text = try site.hub.run(["ip", "-json", "-statistics", "link"])
                let links = try JSONDecoder().decode([Link].self, from: Data(text.utf8))
                #expect(Set(host.interfaces.map(\.interface)) == Set(links.map(\.ifname)))
                for link in links {
                    let interface = try #require(host.interfaces.first { $0.interface == link.ifname })
                    #expect(interface.index == link.ifindex && interface.mac == link.address)
                    #expect(interface.isUp == ["UP", "UNKNOWN"].contains(link.operstate), "\(link)")
                    let traffic = interface.traffic
                    #expect(
                        [traffic.receiveBytes, traffic.receivePackets] == [
                            link.stats64.rx["bytes"], link.stats64.rx["packets"],
                        ])
                    #expect(
                        [traffic.transmitBytes, traffic.transmitPackets] == [
                            link.stats64.tx["bytes"], link.stats64.tx["packets"],
                        ])
                }
                let port = try #require(host.interfaces.first { $0.interface == "port-a" })
                // veth(4) says it of itself.
                #expect(port.speed == 10_000_000_000 && port.traffic.receiveBytesPerSecond != nil)
            }
        }

        @Test func `ports have Weir's totals, whose they are, and rates`() throws {
            try Self.with { site in
                _ = try site.daemon()
                try site.waitForPorts(["port-a", "port-b"])
                try site.left.run(["ping", "-q", "-c", "7", "-i", "0.01", "-s", "1000", "10.9.0.2"])
                let report = try site.monitorReadAnew()
                let status = try site.status()
                #expect(report.intervalSeconds == 1 && report.machines.isEmpty && report.failure == nil)
                #expect(report.ports.map(\.interface).sorted() == ["port-a", "port-b"])
                for port in report.ports {
                    let known = try #require(status.ports.first { $0.name == port.interface })
                    #expect(port.role == known.role)
                    #expect(
                        [port.egress.packets, port.egress.bytes] == [
                            known.egress.seen.packets, known.egress.seen.bytes,
                        ])
                    #expect(
                        [port.ingress.packets, port.ingress.bytes] == [
                            known.ingress.seen.packets, known.ingress.seen.bytes,
                        ])
                    #expect(port.egress.packets >= 7 && port.egress.bytes >= 7 * 1028)
                    #expect(port.egress.packetsPerSecond != nil && port.ingress.bytesPerSecond != nil)
                    let link = try site.hub.run(["cat", "/proc/net/igmp"])
                    #expect(link.contains("\(try #require(port.index))\t\(port.interface)"))
                }
                let port = try #require(report.ports.first { $0.interface == "port-a" })
                #expect(
                    [port.instanceID, port.instanceName, port.projectID, port.projectName] == [
                        "i-1", "web 1", "p-1", "shop",
                    ])
                #expect(report.ports.first { $0.interface == "port-b" }?.instanceID == nil)
            }
        }

        @Test func `an interval of 0 reads nothing, also after a reload`() throws {
            try Self.with { site in
                let daemon = try site.daemon()
                try site.waitForPorts(["port-a", "port-b"])
                #expect(try !site.monitorReadAnew().ports.isEmpty)
                let text = try file(site.path("weir.yaml"))
                try site.write(text.replacing("monitor-interval: 1", with: "monitor-interval: 0"), to: "weir.yaml")
                daemon.signal(SIGHUP)
                try waitUntil("the daemon has read it") { try site.status().daemon?.reload != nil }
                // An answer is a second old at most.
                try waitUntil("nothing is known by that path") {
                    if case .answer(404, _) = HTTPClient.get("/monitor", at: site.socket) { true } else { false }
                }
                let refused = try site.outcome("vm", "list")
                #expect(refused.status == 1 && refused.errors.contains("set monitor-interval to some seconds"))
                try site.write(text, to: "weir.yaml")
                daemon.signal(SIGHUP)
                try waitUntil("figures are read again") {
                    (try? site.monitor()).map { !$0.ports.isEmpty && $0.host.cpu.count > 0 } ?? false
                }
                #expect(daemon.stop().status == 0)
            }
        }
    }
}

extension HostReport {
    fileprivate var contextSwitchesNumber: Double { Double(cpu.contextSwitches) }
    fileprivate var pagesInNumber: Double { Double(memory.pagesIn) }
    fileprivate var pagesOutNumber: Double { Double(memory.pagesOut) }
}
