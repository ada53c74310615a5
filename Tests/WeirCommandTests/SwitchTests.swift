// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation
import Testing
import WeirDaemon

extension WeirCommandSuite {
    /// `weir run --ovs` with a real Open vSwitch.
    @Suite struct SwitchTests {
        @Test func `guests of the switch are measured, under the names that it has for them`() throws {
            try Site.withSwitch { site, vSwitch in
                try site.addPorts(to: vSwitch)
                let daemon = try site.daemon(following: vSwitch)
                try site.waitForPorts(["port-a", "port-b"])
                var traffic = Traffic()
                try traffic.ping(site)
                try traffic.send(site, datagrams: 40, of: 20)
                for _ in 0..<2 { try site.waitForWindow() }
                let report = try #require(try site.status().daemon?.ovs)
                #expect(report.isConnected && report.bridges == ["br0"] && report.reconnects == 0)
                #expect(report.interfaces == 3 && report.guestPorts == 2 && report.unmeasured == [])
                #expect(try site.weir("status").contains("ovs       connected, 2 ports of guests of 3 on br0"))
                #expect(daemon.stop().status == 0)

                let lines = try site.jsonLines()
                #expect(try LogLines.sums(lines) == Site.byInterfaceID(traffic.expected))
                let names = Set(lines.map { [$0["port"], $0["interface-id"], $0["instance-id"]] })
                #expect(names == [["port-a", "eni-a", "i-a"], ["port-b", "eni-b", "i-b"]])
            }
        }

        @Test func `ports come and go with the switch, and leave their last records under their names`() throws {
            try Site.withSwitch { site, vSwitch in
                let daemon = try site.daemon(following: vSwitch, "--ovs-bridge", "br0")
                #expect(try site.status().ports.isEmpty)
                try vSwitch.addBridge("br1")
                try vSwitch.addPort("port-idle", to: "br1", externalIDs: ["iface-id": "eni-idle"])
                try site.addPorts(to: vSwitch)
                try site.waitForPorts(["port-a", "port-b"])
                var traffic = Traffic()
                try traffic.ping(site)
                try vSwitch.deletePort("port-a", from: "br0")
                try site.waitForPorts(["port-b"])
                #expect(try site.programs(on: "port-a") == "", "the interface is still there")

                try vSwitch.vsctl("set interface port-b external_ids:iface-id=eni-new")
                try site.addPort("a", to: vSwitch)
                try site.waitForPorts(["port-a", "port-b"])
                let port = try site.status().ports.first { $0.name == "port-a" && $0.state == "attached" }
                #expect(port?.number == 3, "it is another port")
                try site.hub.delete("port-b")
                try site.waitForPorts(["port-a"])
                #expect(daemon.stop().status == 0)
                // port-b's counts are in the window in which it got its new name, or in the one before.
                let lines = try site.jsonLines().map { line in
                    line.merging(line["interface-id"] == "eni-new" ? ["interface-id": "eni-b"] : [:]) { $1 }
                }
                #expect(try LogLines.sums(lines) == Site.byInterfaceID(traffic.expected))
                #expect(lines.contains { $0["interface-id"] == "eni-a" })
                #expect(
                    daemon.errors.contains("Open vSwitch has given up port-a; its last records come with this window"))
            }
        }

        @Test func `who is a guest: the configuration decides before the switch`() throws {
            try Site.withSwitch { site, vSwitch in
                try site.write(
                    """
                    publish-period: 1s
                    ovs-rundir: \(vSwitch.runDirectory)
                    ovs-bridges: [br0, br-later]
                    ports:
                      - {match: port-a, interface-id: eni-mine, role: uplink}
                      - {match: port-b, measure: false}

                    """, to: "weir.yaml")
                try site.addPorts(to: vSwitch)
                try vSwitch.addPort("port-idle", to: "br0")
                let daemon = try site.daemon("--log-dir", site.logs, "--format", "json", "--interval", "1")
                try site.waitForPorts(["port-a", "port-idle"])
                let ports = try site.status().ports
                #expect(
                    Dictionary(uniqueKeysWithValues: ports.map { ($0.name, $0.role) })
                        == ["port-a": "uplink", "port-idle": "guest"])
                try site.waitForWindow()
                #expect(daemon.stop().status == 0)
                let names = Set(try site.jsonLines().map { [$0["port"], $0["interface-id"], $0["instance-id"]] })
                #expect(names == [["port-a", "eni-mine", "i-a"], ["port-idle", "port-idle", nil]])
                #expect(
                    daemon.errors.contains("Open vSwitch has no bridge br-later; its ports are measured when it comes"))
            }
        }

        /// A TC program would see none of its frames, and an XDP program of another name would break it.
        @Test func `a port of AF_XDP is left alone, and said`() throws {
            try Site.withSwitch { site, vSwitch in
                let daemon = try site.daemon(following: vSwitch)
                try vSwitch.addPort("port-a", to: "br0", as: .afxdp(.native), externalIDs: ["iface-id": "eni-a"])
                try site.addPort("b", to: vSwitch)
                try site.waitForPorts(["port-b"])
                try waitUntil("the port is said") { daemon.errors.contains("port-a is not measured") }
                try waitUntil("status has it") { try site.status().daemon?.ovs?.unmeasured == ["port-a"] }
                try site.left.disableOffloads(on: "eth0")
                var traffic = Traffic()
                try traffic.ping(site)
                // It becomes one that can be measured.
                try vSwitch.vsctl("set interface port-a type=system")
                try site.waitForPorts(["port-a", "port-b"])
                #expect(daemon.stop().status == 0)
            }
        }
    }
}
