// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DirectoryProviders
import FlowTestKit
import Foundation
import HostMonitor
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// What becomes of machines in their lives, with real libvirtds and real machines.
    @Suite struct LibvirtChangeTests {
        private static let uuid = "11111111-1111-1111-1111-111111111111"
        private static let mac = "52:54:00:00:00:01"

        private static let configuration = """
            account-id: 123456789012
            publish-period: 1s
            interval: 1
            format: json
            monitor-interval: 1
            ports: [lvtap*]

            """

        private static func with(_ body: (Site, LibvirtHost) throws -> Void) throws {
            try Site.with { site in
                let host = try LibvirtHost(site)
                defer { host.close() }
                try site.write(
                    configuration + "log-dir: \(site.logs)\nproviders: [{name: libvirt, uri: \"\(host.uri)\"}]\n",
                    to: "weir.yaml")
                try body(site, host)
            }
        }

        /// The machines of `weir vm list --json`.
        private func machines(_ site: Site) throws -> [MachineReport] {
            let report = try site.weir("vm", "list", "--json")
            return try JSONDecoder().decode(MonitorReport.self, from: Data(report.utf8)).machines
        }

        /// Names of a tap's machine in the records, in the order of their windows.
        private func names(_ site: Site, _ tap: String) throws -> [String] {
            let lines = try site.storedRecords().filter { $0["port"] == tap }
            let sorted = try lines.map { (try LogLines.number($0, "start"), $0["instance-name"]) }.sorted {
                $0.0 < $1.0
            }
            return sorted.compactMap(\.1).reduce(into: []) { names, name in
                if names.last != name { names.append(name) }
            }
        }

        @Test func `libvirt's own socket is found where none is configured, and left alone where it is not wanted`()
            throws
        {
            try Site.with { site in
                let host = try LibvirtHost(site)
                defer { host.close() }
                try host.startMachine("m1", uuid: Self.uuid, tap: "lvtap0", mac: Self.mac)
                let text = Self.configuration + "log-dir: \(site.logs)\n"
                try site.write(text + "libvirt: false\n", to: "weir.yaml")
                let daemon = try site.daemon([], behind: host.asHosts)
                try site.waitForPorts(["lvtap0"])
                let unnamed = try site.ping(outOf: "lvtap0", network: 1)
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(try site.status().daemon?.providers.isEmpty == true)
                #expect(try !site.weir("status").contains("\nprovider"))
                #expect(try machines(site).isEmpty)

                try site.write(text, to: "weir.yaml")
                daemon.signal(SIGHUP)
                try site.waitForName("m1", "lvtap0")
                #expect(try site.status().daemon?.providers.map(\.name) == ["libvirt"])
                #expect(try site.weir("status").contains(#/\nprovider +libvirt: 1 interface, heard at /#))
                try waitUntil("figures are there") {
                    try machines(site).map(\.domain) == ["m1"]
                }
                let named = try site.ping(outOf: "lvtap0", network: 2)
                for _ in 0..<2 { try site.waitForWindow() }

                let provider = try #require(try site.status().daemon?.providers.first?.pid)
                try site.write(text + "libvirt: false\n", to: "weir.yaml")
                daemon.signal(SIGHUP)
                try waitUntil("the provider is ended") {
                    try site.status().daemon?.providers.isEmpty == true && kill(provider, 0) != 0
                }
                #expect(daemon.stop().status == 0)
                #expect(try site.packetsByName(to: "10.8.1.2") == [[nil, nil, nil]: unnamed])
                #expect(try site.packetsByName(to: "10.8.2.2") == [[Self.uuid, "m1", nil]: named])
            }
        }

        @Test func `a machine that is renamed has its old name before, and its new name after`() throws {
            try Self.with { site, host in
                try host.startMachine("m1", uuid: Self.uuid, tap: "lvtap0", mac: Self.mac, by: "define")
                try host.virsh("start", "m1")
                let daemon = try site.daemon()
                try site.waitForPorts(["lvtap0"])
                try site.waitForName("m1", "lvtap0")
                let first = try site.ping(outOf: "lvtap0", network: 1)
                for _ in 0..<2 { try site.waitForWindow() }
                try host.virsh("destroy", "m1")
                try site.waitForPorts([])
                try host.virsh("domrename", "m1", "web")
                try waitUntil("it is listed by its new name") {
                    try machines(site).map { [$0.domain, $0.instanceID, "\($0.state)"] } == [["web", Self.uuid, "5"]]
                }
                try host.virsh("start", "web")
                try site.waitForPorts(["lvtap0"])
                try site.waitForName("web", "lvtap0")
                let second = try site.ping(outOf: "lvtap0", network: 2)
                for _ in 0..<2 { try site.waitForWindow() }
                try waitUntil("it is listed as running") {
                    try machines(site).map { [$0.domain, $0.instanceName, "\($0.state)"] } == [["web", "web", "1"]]
                }
                #expect(daemon.stop().status == 0)
                #expect(try site.packetsByName(to: "10.8.1.2") == [[Self.uuid, "m1", nil]: first])
                #expect(try site.packetsByName(to: "10.8.2.2") == [[Self.uuid, "web", nil]: second])
                #expect(try names(site, "lvtap0") == ["m1", "web"])
            }
        }

        @Test func `a machine that moves to another libvirt keeps its name, and is listed once`() throws {
            try Site.with { site in
                let hosts = try ["here", "there"].enumerated().map { number, name in
                    try LibvirtHost(site, name, uuid: "0000000\(number)-0000-4000-8000-00000000000\(number)")
                }
                defer { for host in hosts { host.close() } }
                try site.write(
                    Self.configuration + """
                        log-dir: \(site.logs)
                        providers:
                          - {name: here, uri: "\(hosts[0].uri)"}
                          - {name: there, uri: "\(hosts[1].uri)"}

                        """, to: "weir.yaml")
                try hosts[0].startMachine("m1", uuid: Self.uuid, tap: "lvtap0", mac: Self.mac)
                let daemon = try site.daemon()
                try site.waitForPorts(["lvtap0"])
                try site.waitForName("m1", "lvtap0")
                func wait(for interface: String) throws {
                    try waitUntil("m1 is listed with \(interface) alone") {
                        let machines = try machines(site)
                        #expect(machines.count <= 1)
                        return machines.map(\.isStale) == [false] && machines[0].state == 1
                            && machines[0].interfaces.map(\.interface) == [interface]
                    }
                }
                try wait(for: "lvtap0")
                let first = try site.ping(outOf: "lvtap0", network: 1)
                for _ in 0..<2 { try site.waitForWindow() }
                try hosts[0].migrate("m1", to: hosts[1], tap: "lvtap0", as: "lvtap1")
                #expect(try hosts[0].virsh("list", "--all", "--name").filter { !$0.isWhitespace }.isEmpty)
                #expect(try hosts[1].virsh("domstate", "m1").hasPrefix("running"))
                try site.waitForPorts(["lvtap1"])
                try site.waitForName("m1", "lvtap1")
                let second = try site.ping(outOf: "lvtap1", network: 2)
                try wait(for: "lvtap1")
                for _ in 0..<2 { try site.waitForWindow() }
                let providers = try #require(try site.status().daemon).providers
                #expect(providers.map(\.interfaces) == [0, 1] && providers.allSatisfy { $0.restarts == 0 })
                #expect(daemon.stop().status == 0)
                #expect(try site.packetsByName(to: "10.8.1.2") == [[Self.uuid, "m1", nil]: first])
                #expect(try site.packetsByName(to: "10.8.2.2") == [[Self.uuid, "m1", nil]: second])
                for tap in ["lvtap0", "lvtap1"] { #expect(try names(site, tap) == ["m1"]) }
            }
        }

        @Test func `an interface that its machine lets go of has the name to its end, and the other one keeps it`()
            throws
        {
            try Self.with { site, host in
                let image = site.path("image")
                try GuestMachine.makeImage(in: image, script: "echo it is up\nsleep 1000\n")
                try host.startMachine("m1", uuid: Self.uuid, tap: "lvtap0", mac: Self.mac, image: image)
                let daemon = try site.daemon()
                try waitUntil("the guest is up", within: .seconds(120)) {
                    try String(contentsOfFile: "\(image)/console", encoding: .utf8).contains("it is up")
                }
                try host.plug("lvtap1", mac: "52:54:00:00:00:02", into: "m1")
                try site.waitForPorts(["lvtap0", "lvtap1"])
                for tap in ["lvtap0", "lvtap1"] { try site.waitForName("m1", tap) }
                let first = try site.ping(outOf: "lvtap1", network: 1)
                try host.unplug("lvtap1", from: "m1")
                try waitUntil("the guest has let go of it", within: .seconds(60)) {
                    try !host.virsh("domiflist", "m1").contains("lvtap1")
                }
                try waitUntil("one interface is named") {
                    try site.status().daemon?.providers.map(\.interfaces) == [1]
                }
                try site.waitForPorts(["lvtap0"])
                let second = try site.ping(outOf: "lvtap0", network: 2)
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(try machines(site).map { $0.interfaces.map(\.interface) } == [["lvtap0"]])
                #expect(daemon.stop().status == 0)
                #expect(try site.packetsByName(to: "10.8.1.2") == [[Self.uuid, "m1", nil]: first])
                #expect(try site.packetsByName(to: "10.8.2.2") == [[Self.uuid, "m1", nil]: second])
                for tap in ["lvtap0", "lvtap1"] { #expect(try names(site, tap) == ["m1"]) }
            }
        }

        @Test func `a tap that stays has no name when its machine is gone, nor when libvirt is not asked any more`()
            throws
        {
            try Self.with { site, host in
                for tap in ["lvtap1", "lvtap2"] {
                    try site.hub.ip("tuntap add \(tap) mode tap")
                    try site.hub.bringUp(tap)
                }
                let other = "22222222-2222-2222-2222-222222222222"
                try host.startMachine("m1", uuid: Self.uuid, tap: "lvtap0", mac: Self.mac)
                try host.startMachine("m2", uuid: other, tap: "lvtap3", mac: "52:54:00:00:00:03")
                try host.plug("lvtap1", mac: "52:54:00:00:00:01", into: "m1", isOurs: true)
                try host.plug("lvtap2", mac: "52:54:00:00:00:02", into: "m2", isOurs: true)
                let daemon = try site.daemon()
                try site.waitForPorts(["lvtap0", "lvtap1", "lvtap2", "lvtap3"])
                for (name, tap) in [("m1", "lvtap1"), ("m2", "lvtap2")] { try site.waitForName(name, tap) }
                let first = try site.ping(outOf: "lvtap1", network: 1)
                for _ in 0..<2 { try site.waitForWindow() }

                try host.virsh("destroy", "m1")
                try site.waitForPorts(["lvtap1", "lvtap2", "lvtap3"])
                try waitUntil("its interfaces are forgotten") {
                    try site.status().daemon?.providers.map(\.interfaces) == [2]
                }
                for _ in 0..<2 { try site.waitForWindow() }
                let second = try site.ping(outOf: "lvtap1", network: 2)
                let third = try site.ping(outOf: "lvtap2", network: 3)
                for _ in 0..<2 { try site.waitForWindow() }

                try site.write(
                    Self.configuration + "log-dir: \(site.logs)\nproviders: []\nlibvirt: false\n", to: "weir.yaml")
                daemon.signal(SIGHUP)
                try waitUntil("no provider is left") { try site.status().daemon?.providers.isEmpty == true }
                for _ in 0..<2 { try site.waitForWindow() }
                let fourth = try site.ping(outOf: "lvtap2", network: 4)
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(daemon.stop().status == 0)
                #expect(try site.packetsByName(to: "10.8.1.2") == [[Self.uuid, "m1", nil]: first])
                #expect(try site.packetsByName(to: "10.8.2.2") == [[nil, nil, nil]: second])
                #expect(try site.packetsByName(to: "10.8.3.2") == [[other, "m2", nil]: third])
                #expect(try site.packetsByName(to: "10.8.4.2") == [[nil, nil, nil]: fourth])
            }
        }
    }
}
