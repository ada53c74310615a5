// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DirectoryProviders
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// `weir-libvirt` with a real libvirtd and real machines.
    @Suite struct LibvirtProviderTests {
        private static let uuids = (1...2).map { "\($0)1111111-1111-1111-1111-111111111111" }

        private static func with(_ body: (Site, LibvirtHost) throws -> Void) throws {
            try Site.with { site in
                let host = try LibvirtHost(site)
                defer { host.close() }
                try site.write(
                    """
                    account-id: 123456789012
                    publish-period: 1s
                    interval: 1
                    format: json
                    log-dir: \(site.logs)
                    ports: [lvtap*]
                    providers:
                      - {name: libvirt, uri: "\(host.uri)", silence: 8s}

                    """, to: "weir.yaml")
                try body(site, host)
            }
        }

        @Test func `records name the machine as libvirt does, whatever becomes of it and of libvirt`() throws {
            try Self.with { site, host in
                let metadata = """
                    <metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1"><nova:name>web 1</nova:name>
                    <nova:owner><nova:project uuid="p-1">shop</nova:project></nova:owner></nova:instance></metadata>
                    """
                try host.startMachine(
                    "m1", uuid: Self.uuids[0], tap: "lvtap0", mac: "52:54:00:00:00:01", metadata: metadata)
                let daemon = try site.daemon()
                try site.waitForPorts(["lvtap0"])
                try site.waitForName("web 1", "lvtap0")
                let first = try site.ping(outOf: "lvtap0", network: 1)

                // A second interface, and a second machine that is called otherwise later.
                try host.plug("lvtap1", mac: "52:54:00:00:00:02", into: "m1")
                try host.startMachine("m2", uuid: Self.uuids[1], tap: "lvtap2", mac: "52:54:00:00:00:03")
                try site.waitForPorts(["lvtap0", "lvtap1", "lvtap2"])
                try site.waitForName("web 1", "lvtap1")
                try site.waitForName("m2", "lvtap2")
                let second = try site.ping(outOf: "lvtap1", network: 2)
                let third = try site.ping(outOf: "lvtap2", network: 3)
                // Until the pings are in a window whose end has the old name.
                for _ in 0..<2 { try site.waitForWindow() }
                try host.virsh("desc", "m2", "--title", "The db", "--live")
                try site.waitForName("The db", "lvtap2")
                let fourth = try site.ping(outOf: "lvtap2", network: 3)

                // libvirt is away, and comes back with the same machines.
                var fifth: UInt64 = 0
                try host.restart {
                    fifth = try site.ping(outOf: "lvtap2", network: 3)
                    try site.waitForWindow()
                }
                try host.virsh("desc", "m2", "--title", "The cache", "--live")
                try site.waitForName("The cache", "lvtap2")
                #expect(try site.status().daemon?.providers.first?.restarts == 0)

                try host.virsh("destroy", "m1")
                try site.waitForPorts(["lvtap2"])
                #expect(daemon.stop().status == 0)

                let uuids = Self.uuids
                #expect(try site.packetsByName(to: "10.8.1.2") == [[uuids[0], "web 1", "shop"]: first])
                #expect(try site.packetsByName(to: "10.8.2.2") == [[uuids[0], "web 1", "shop"]: second])
                #expect(
                    try site.packetsByName(to: "10.8.3.2") == [
                        [uuids[1], "m2", nil]: third, [uuids[1], "The db", nil]: fourth + fifth,
                    ])
                #expect(daemon.errors.contains("provider libvirt: weir-libvirt: libvirt has closed the connection"))
            }
        }

        @Test func `a machine that hangs changes nothing, and a libvirtd that hangs is given up`() throws {
            try Self.with { site, host in
                try host.startMachine("m1", uuid: Self.uuids[0], tap: "lvtap0", mac: "52:54:00:00:00:01")
                let daemon = try site.daemon()
                try site.waitForPorts(["lvtap0"])
                try site.waitForName("m1", "lvtap0")
                let machine = try #require(try host.pid(of: "m1"))
                kill(machine, SIGSTOP)
                defer { kill(machine, SIGCONT) }
                try host.startMachine("m2", uuid: Self.uuids[1], tap: "lvtap2", mac: "52:54:00:00:00:03")
                try site.waitForName("m2", "lvtap2")

                let provider = try #require(try site.status().daemon?.providers.first?.pid)
                for field in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
                    #expect(try Self.field(field, of: provider) == "0000000000000000")
                }
                #expect(try Self.field("NoNewPrivs", of: provider) == "1")

                host.daemon.signal(SIGSTOP)
                defer { host.daemon.signal(SIGCONT) }
                try waitUntil("the provider is given up", within: .seconds(90)) {
                    try (site.status().daemon?.providers.first?.restarts ?? 0) > 0
                }
                #expect(daemon.errors.contains("provider libvirt: it has printed nothing for 8 s; it is started again"))
                let sent = try site.ping(outOf: "lvtap2", network: 3)
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(try site.packetsByName(to: "10.8.3.2") == [[Self.uuids[1], "m2", nil]: sent])
                host.daemon.signal(SIGCONT)
                #expect(daemon.stop().status == 0)
            }
        }

        private static func field(_ name: String, of pid: Int32) throws -> String {
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name + ":") })
            return line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
        }

        @Test func `nothing but weir-libvirt knows libvirt, and it links none`() throws {
            for program in ["weir", "weir-export", "weir-libvirt"] {
                let path = URL(filePath: Site.binary).deletingLastPathComponent().appending(path: program).path
                #expect(try !ChildProcess.run(["ldd", path]).contains("libvirt"))
            }
        }

        @Test func `the test driver's machine is told of once`() throws {
            let program = URL(filePath: Site.binary).deletingLastPathComponent().appending(path: "weir-libvirt").path
            let text = try ChildProcess.run([program, "--uri", "test:///default", "--once"])
            #expect(
                text == """
                    {"addresses":[],"instance_id":"6695eb01-f6a4-8304-79aa-97f2502e193f","instance_name":"test","interface":"testnet0",\
                    "mac":"aa:bb:cc:dd:ee:ff","network":"default"}
                    {"complete": true}

                    """)
            let failed = try ChildProcess.outcome(of: [
                program, "--uri", "qemu:///system?socket=/nonexistent", "--once",
            ])
            #expect(failed.status == 1)
            #expect(failed.errors.contains("cannot connect to libvirt at qemu:///system?socket=/nonexistent: "))
        }
    }
}
