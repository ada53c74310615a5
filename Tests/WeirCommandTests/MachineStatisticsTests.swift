// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DirectoryProviders
import FlowTestKit
import Foundation
import HostMonitor
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// The figures of real machines, with virsh as the witness.
    @Suite struct MachineStatisticsTests {
        private static let uuids = (1...3).map { "\($0)1111111-1111-1111-1111-111111111111" }

        private static func with(_ body: (Site, LibvirtHost) throws -> Void) throws {
            try Site.with { site in
                let host = try LibvirtHost(site)
                defer { host.close() }
                try site.write(
                    """
                    account-id: 123456789012
                    interval: 1
                    format: json
                    log-dir: \(site.logs)
                    ports: [lvtap*]
                    monitor-interval: 1
                    providers:
                      - {name: libvirt, uri: "\(host.uri)", silence: 20s}

                    """, to: "weir.yaml")
                try body(site, host)
            }
        }

        /// What virsh says of a machine: figures by their names.
        private func domstats(_ host: LibvirtHost, _ machine: String) throws -> [String: String] {
            let text = try host.virsh("domstats", "--nowait", machine)
            let lines = text.split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1) }
            return Dictionary(
                lines.filter { $0.count == 2 }.map { ($0[0].trimmingCharacters(in: .whitespaces), String($0[1])) }
            ) { first, _ in first }
        }

        private func machine(_ site: Site, _ domain: String) throws -> MachineReport? {
            try site.monitor().machines.first { $0.domain == domain }
        }

        /// The machine as it was read after this call began.
        private func machineReadAnew(_ site: Site, _ domain: String) throws -> MachineReport {
            let begin = Int64(Date().timeIntervalSince1970 * 1000) + 1
            var found: MachineReport?
            try waitUntil("\(domain) is read") {
                found = try machine(site, domain)
                return (found?.timeMilliseconds ?? 0) > begin
            }
            return try #require(found)
        }

        /// A report of figures that were all read after this call began.
        private func reportReadAnew(_ site: Site, _ domain: String) throws -> MonitorReport {
            _ = try site.monitorReadAnew()
            _ = try machineReadAnew(site, domain)
            return try site.monitor()
        }

        /// A libvirtd that has just begun takes its time.
        private func waitForRates(_ site: Site, _ domain: String) throws {
            try waitUntil("\(domain) has rates", within: .seconds(60)) {
                try machine(site, domain).map { !$0.isStale && $0.cpuPercent != nil } ?? false
            }
        }

        private func seconds(_ nanoseconds: String?) -> Double? {
            nanoseconds.flatMap { UInt64($0) }.map { Double($0) / 1e9 }
        }

        @Test func `each figure lies between what virsh says before and after, and what stands still is the same`()
            throws
        {
            try Self.with { site, host in
                let metadata = """
                    <metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1"><nova:name>web 1</nova:name>
                    <nova:flavor name="m1.tiny"/><nova:owner><nova:user uuid="u-1">anna</nova:user>
                    <nova:project uuid="p-1">shop</nova:project></nova:owner></nova:instance></metadata>
                    """
                try ChildProcess.run(["truncate", "-s", "64M", site.path("disk.img")])
                try host.startMachine(
                    "m1", uuid: Self.uuids[0], tap: "lvtap0", mac: "52:54:00:00:00:01", metadata: metadata,
                    disk: site.path("disk.img"))
                let daemon = try site.daemon()
                try site.waitForPorts(["lvtap0"])
                // The machine looks at its disk, and finds nothing to start.
                try waitUntil("the machine has read", within: .seconds(60)) {
                    try (domstats(host, "m1")["block.0.rd.reqs"].flatMap { UInt64($0) } ?? 0) > 0
                }
                try waitUntil("the machine is named") {
                    try machine(site, "m1")?.instanceName == "web 1"
                }
                try waitForRates(site, "m1")
                let before = try domstats(host, "m1")
                let found = try machineReadAnew(site, "m1")
                let after = try domstats(host, "m1")
                #expect([found.instanceID, found.projectID, found.projectName] == [Self.uuids[0], "p-1", "shop"])
                #expect([found.userID, found.userName, found.flavor] == ["u-1", "anna", "m1.tiny"])
                #expect(!found.isStale && found.cpuPercent != nil && found.stealPercent != nil)

                let cpu = try #require(found.cpus.first)
                let (disk, interface) = (try #require(found.disks.first), try #require(found.interfaces.first))
                #expect([disk.device, disk.path, interface.interface] == ["vda", site.path("disk.img"), "lvtap0"])
                let times: [(String, Double?)] = [
                    ("cpu.time", found.cpuSeconds), ("vcpu.0.time", cpu.seconds), ("vcpu.0.wait", cpu.waitSeconds),
                    ("vcpu.0.delay", cpu.delaySeconds), ("block.0.rd.times", disk.traffic.readSeconds),
                    ("block.0.wr.times", disk.traffic.writeSeconds),
                ]
                for (name, value) in times {
                    let (low, high) = (try #require(seconds(before[name])), try #require(seconds(after[name])))
                    let value = try #require(value)
                    #expect(low <= value && value <= high, "\(name)")
                }
                let numbers: [(String, UInt64?)] = [
                    ("state.state", UInt64(found.state)), ("vcpu.0.state", UInt64(cpu.state)),
                    ("balloon.current", found.memory.current / 1024), ("balloon.maximum", found.memory.maximum / 1024),
                    ("net.0.rx.bytes", interface.traffic.receiveBytes),
                    ("net.0.rx.pkts", interface.traffic.receivePackets),
                    ("net.0.rx.errs", interface.traffic.receiveErrors),
                    ("net.0.rx.drop", interface.traffic.receiveDrops),
                    ("net.0.tx.bytes", interface.traffic.transmitBytes),
                    ("net.0.tx.pkts", interface.traffic.transmitPackets),
                    ("net.0.tx.errs", interface.traffic.transmitErrors),
                    ("net.0.tx.drop", interface.traffic.transmitDrops),
                    ("block.0.rd.reqs", disk.traffic.readRequests), ("block.0.rd.bytes", disk.traffic.readBytes),
                    ("block.0.wr.reqs", disk.traffic.writeRequests), ("block.0.wr.bytes", disk.traffic.writeBytes),
                    ("block.0.fl.reqs", disk.flushRequests), ("block.0.capacity", disk.capacity),
                    ("block.0.allocation", disk.allocation), ("block.0.physical", disk.physical),
                ]
                for (name, value) in numbers {
                    let low = try #require(before[name].flatMap { UInt64($0) })
                    let high = try #require(after[name].flatMap { UInt64($0) })
                    let value = try #require(value)
                    #expect(low <= value && value <= high, "\(name)")
                }
                #expect(
                    ["balloon.rss", "vcpu.0.delay"].allSatisfy { before[$0] != nil } && found.memory.resident != nil)
                #expect(disk.traffic.readBytes > 0 && cpu.seconds > 0)
                #expect(daemon.stop().status == 0)
            }
        }

        @Test func `libvirt's octets are Weir's and 14 more for each packet`() throws {
            try Self.with { site, host in
                let daemon = try site.daemon()
                // Its port is there before its network card is.
                try host.startMachine(
                    "m1", uuid: Self.uuids[0], tap: "lvtap0", mac: "52:54:00:00:00:01", startsFromNetwork: true)
                try site.waitForPorts(["lvtap0"])
                try site.hub.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/lvtap0/disable_ipv6"])
                try site.hub.ip("address add 10.8.1.1/24 dev lvtap0")
                try site.hub.ip("neigh replace 10.8.1.2 lladdr 52:54:00:00:00:01 dev lvtap0")

                func traffic() throws -> (libvirt: InterfaceTraffic, weir: MonitoredPort)? {
                    let report = try site.monitor()
                    guard let interface = report.machines.first?.interfaces.first,
                        let port = report.ports.first(where: { $0.interface == "lvtap0" })
                    else { return nil }
                    return (interface.traffic, port)
                }
                // libvirt and Weir are asked at two moments, and the machine sends between.
                func isEqual() throws -> Bool {
                    guard let (libvirt, weir) = try traffic() else { return false }
                    return libvirt.transmitPackets == weir.egress.packets
                        && libvirt.transmitBytes == weir.egress.bytes + 14 * weir.egress.packets
                }
                try waitUntil("the machine asks by DHCP", within: .seconds(60)) {
                    try (traffic()?.weir.egress.packets ?? 0) > 0
                }
                try waitUntil("what it has sent is the same") { try isEqual() }
                _ = try reportReadAnew(site, "m1")
                let old = try #require(try traffic())
                for size in [0, 56, 1400] {
                    _ = try site.hub.outcome(of: [
                        "ping", "-q", "-c", "40", "-i", "0.01", "-W", "1", "-s", "\(size)", "10.8.1.2",
                    ])
                }
                _ = try reportReadAnew(site, "m1")
                let new = try #require(try traffic())
                let packets = new.weir.ingress.packets - old.weir.ingress.packets
                let bytes = new.weir.ingress.bytes - old.weir.ingress.bytes
                #expect(packets == 120 && bytes == 40 * UInt64(28 * 3 + 56 + 1400))
                #expect(new.libvirt.receivePackets - old.libvirt.receivePackets == packets)
                #expect(new.libvirt.receiveBytes - old.libvirt.receiveBytes == bytes + 14 * packets)
                try waitUntil("what it has sent is the same again") { try isEqual() }
                #expect(daemon.stop().status == 0)
            }
        }

        @Test func `a machine whose QEMU is stopped goes stale alone, and names and windows go on`() throws {
            try Self.with { site, host in
                for (index, name) in ["m1", "m2"].enumerated() {
                    try host.startMachine(
                        name, uuid: Self.uuids[index], tap: "lvtap\(index)", mac: "52:54:00:00:00:0\(index)")
                }
                let daemon = try site.daemon()
                try site.waitForPorts(["lvtap0", "lvtap1"])
                for name in ["m1", "m2"] { try waitForRates(site, name) }
                let fresh = try machineReadAnew(site, "m1")
                func complaints() -> Int { daemon.errors.split(separator: "has not told statistics").count - 1 }
                let known = complaints()
                let qemu = try #require(try host.pid(of: "m1"))
                kill(qemu, SIGSTOP)
                defer { kill(qemu, SIGCONT) }
                let windows = try #require(try site.status().daemon).windows.closed
                try waitUntil("m1 is stale, and m2 is not", within: .seconds(60)) {
                    let machines = try site.monitor().machines
                    return machines.map(\.isStale) == [true, false]
                }
                let stale = try #require(try machine(site, "m1"))
                #expect(stale.cpuSeconds >= fresh.cpuSeconds && stale.memory.resident != nil && stale.state == 1)
                // The other one goes on.
                for _ in 0..<3 { #expect(try !machineReadAnew(site, "m2").isStale) }
                let later = try #require(try machine(site, "m1"))
                #expect(later.isStale && later.cpuSeconds == stale.cpuSeconds)
                #expect(abs(later.timeMilliseconds - stale.timeMilliseconds) < 100)
                #expect(try site.monitor().failure == nil)

                try host.plug("lvtap2", mac: "52:54:00:00:00:09", into: "m2")
                try site.waitForPorts(["lvtap0", "lvtap1", "lvtap2"])
                try waitUntil("a port is named") {
                    try site.monitor().ports.contains { $0.interface == "lvtap2" && $0.instanceName == "m2" }
                }
                try waitUntil("figures of the new interface are there") {
                    try machine(site, "m2")?.interfaces.map(\.interface) == ["lvtap1", "lvtap2"]
                }
                #expect(try #require(try site.status().daemon).windows.closed > windows)
                #expect(try site.status().daemon?.providers.first?.restarts == 0)
                #expect(complaints() == known + 1)

                kill(qemu, SIGCONT)
                try waitUntil("m1 answers again", within: .seconds(60)) { try machine(site, "m1")?.isStale == false }
                #expect(try machineReadAnew(site, "m1").cpuSeconds >= stale.cpuSeconds)
                #expect(daemon.stop().status == 0)
            }
        }

        @Test func `machines come and go, and without libvirt all are stale with the reason`() throws {
            try Self.with { site, host in
                try host.startMachine("m1", uuid: Self.uuids[0], tap: "lvtap0", mac: "52:54:00:00:00:01")
                try host.startMachine("m2", uuid: Self.uuids[1], tap: "lvtap1", mac: "52:54:00:00:00:02", by: "define")
                let daemon = try site.daemon()
                func states() throws -> [String: Int] {
                    Dictionary(uniqueKeysWithValues: try site.monitor().machines.map { ($0.domain, $0.state) })
                }
                func wait(_ expected: [String: Int]) throws {
                    try waitUntil("machines are \(expected)") { try states() == expected }
                }
                try wait(["m1": 1, "m2": 5])
                try host.virsh("start", "m2")
                try wait(["m1": 1, "m2": 1])
                try host.virsh("suspend", "m1")
                try wait(["m1": 3, "m2": 1])
                try host.virsh("destroy", "m2")
                try wait(["m1": 3, "m2": 5])
                try host.virsh("start", "m2")
                try wait(["m1": 3, "m2": 1])
                try host.virsh("destroy", "m2")
                try host.virsh("undefine", "m2")
                try wait(["m1": 3])
                try host.restart {
                    try waitUntil("m1 is stale, and it is said why", within: .seconds(60)) {
                        let report = try site.monitor()
                        return report.machines.map(\.isStale) == [true]
                            && report.failure?.contains("cannot connect to libvirt") == true
                    }
                }
                try waitUntil("m1 is told of again", within: .seconds(60)) {
                    let report = try site.monitor()
                    return report.machines.map(\.isStale) == [false] && report.failure == nil
                }
                #expect(daemon.stop().status == 0)
            }
        }
    }
}
