// SPDX-License-Identifier: Apache-2.0

import BPF
import DaemonReports
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import OpenVSwitch
import PortDirectory
import Testing
import WeirConfiguration

extension WeirCommandSuite {
    /// `weir run --ovs` with a real Open vSwitch.
    @Suite struct SwitchTests {
        @Test func `guests of the switch are measured, under the names that it has for them`() throws {
            try Site.withSwitch(on: .usual) { site, vSwitch in
                try site.addPorts(to: vSwitch)
                let daemon = try site.daemon(following: vSwitch)
                try site.waitForPorts(["port-a", "port-b"])
                let hook = try Site.tcHook
                #expect(try site.status().ports.allSatisfy { $0.fromHook == hook && $0.toHook == hook })
                var traffic = Traffic()
                try traffic.ping(site)
                try traffic.send(site, datagrams: 40, of: 20)
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(try capabilities(of: "weir-ovs", in: daemon) == "0000000000000000")
                let report = try #require(try site.status().daemon?.ovs)
                #expect(report.isConnected && report.bridges == ["br0"] && report.reconnects == 0)
                #expect(report.interfaces == 3 && report.guestPorts == 2)
                #expect(try site.weir("status").contains("ovs       connected, 2 ports of guests of 3 on br0"))
                #expect(daemon.stop().status == 0)

                let lines = try site.jsonLines()
                #expect(try LogLines.sums(lines) == Site.byInterfaceID(traffic.expected))
                let names = Set(lines.map { [$0["port"], $0["interface-id"], $0["instance-id"]] })
                #expect(names == [["port-a", "eni-a", "i-a"], ["port-b", "eni-b", "i-b"]])
            }
        }

        /// The permitted set of a thread.
        private func capabilities(of thread: String, in daemon: ChildProcess) throws -> String {
            let tasks = "/proc/\(daemon.pid)/task"
            let task = try #require(
                try FileManager.default.contentsOfDirectory(atPath: tasks).first {
                    try String(contentsOfFile: "\(tasks)/\($0)/comm", encoding: .utf8) == thread + "\n"
                })
            let status = try String(contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("CapPrm:") })
            return String(line.dropFirst(8))
        }

        @Test func `ports come and go with the switch, and leave their last records under their names`() throws {
            try Site.withSwitch(on: .usual) { site, vSwitch in
                let daemon = try site.daemon(following: vSwitch, "--ovs-bridge", "br0")
                #expect(try site.status().ports.isEmpty)
                try vSwitch.addBridge("br1", on: .usual)
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

        /// Whether Weir or the switch is first, the port works and its guest's frames are counted.
        @Test(arguments: [OpenVSwitch.XDPMode.native, .generic, .bestEffort])
        func `a port of AF_XDP is measured by its own hook, in the mode of the switch`(mode: OpenVSwitch.XDPMode) throws
        {
            try Site.withSwitch { site, vSwitch in
                let daemon = try site.daemon(following: vSwitch)
                for end in [site.left, site.right] { try end.disableOffloads(on: "eth0") }
                try site.addPort("b", to: vSwitch)
                var traffic = Traffic()
                for _ in 0..<3 {
                    try vSwitch.addPort("port-a", to: "br0", as: .afxdp(mode), externalIDs: ["iface-id": "eni-a"])
                    try site.waitForPorts(["port-a", "port-b"])
                    let port = try site.status().ports.first { $0.name == "port-a" && $0.state == "attached" }
                    #expect(port?.fromHook == "xsk" && (mode == .bestEffort || port?.xdpMode == mode.rawValue))
                    #expect(try Int(vSwitch.get("ofport", of: "port-a")) ?? -1 > 0, "\(vSwitch.log.suffix(2000))")
                    try traffic.ping(site)
                    try vSwitch.deletePort("port-a", from: "br0")
                    try site.waitForPorts(["port-b"])
                    #expect(try site.programs(on: "port-a") == "")
                }
                #expect(daemon.stop().status == 0)
                // What is sent to a guest by AF_XDP is not observed at its port.
                let expected = Site.byInterfaceID(traffic.expected).filter {
                    $0.key.port == "eni-b" || ["10.9.0.1", "fd09::1"].contains($0.key.source)
                }
                #expect(try LogLines.sums(try site.jsonLines()) == expected)
            }
        }

        @Test func `a port whose type or mode changes is attached anew, and goes on`() throws {
            try Site.withSwitch { site, vSwitch in
                for end in [site.left, site.right] { try end.disableOffloads(on: "eth0") }
                try site.addPorts(to: vSwitch)
                let daemon = try site.daemon(following: vSwitch)
                try site.waitForPorts(["port-a", "port-b"])
                var traffic = Traffic()
                for (settings, hook) in [
                    ("type=afxdp options:n_rxq=1 options:xdp-mode=generic", "xsk"), ("type=system", "tcx"),
                ] {
                    try vSwitch.vsctl("set interface port-a \(settings)")
                    try waitUntil("port-a is attached by \(hook)") {
                        try site.status().ports.contains {
                            $0.name == "port-a" && $0.state == "attached" && $0.fromHook == hook
                        }
                    }
                    try traffic.ping(site)
                }
                #expect(daemon.stop().status == 0)
                #expect(
                    try LogLines.sums(try site.jsonLines()).filter { $0.key.port == "eni-b" }
                        == Site.byInterfaceID(traffic.expected(of: "port-b")))
            }
        }

        /// The switch cannot open a port in another mode than that of the program that is on it.
        @Test(arguments: [OpenVSwitch.XDPMode.native, .generic])
        func `a port whose mode is changed is attached anew in that, and the switch has it open`(
            first: OpenVSwitch.XDPMode
        ) throws {
            let second: OpenVSwitch.XDPMode = first == .native ? .generic : .native
            try Site.withSwitch { site, vSwitch in
                for end in [site.left, site.right] { try end.disableOffloads(on: "eth0") }
                let daemon = try site.daemon(following: vSwitch)
                try site.addPort("b", to: vSwitch)
                try vSwitch.addPort("port-a", to: "br0", as: .afxdp(first), externalIDs: ["iface-id": "eni-a"])
                try site.waitForPorts(["port-a", "port-b"])
                var traffic = Traffic()
                try traffic.ping(site)
                for mode in [second, first, second] {
                    // What the switch cannot do at once is no failure of whoever tells it.
                    try vSwitch.vsctl("--no-wait set interface port-a options:xdp-mode=\(mode.rawValue)")
                    try waitUntil("port-a is attached in \(mode.rawValue) mode: \(daemon.errors)") {
                        try site.status().ports.contains {
                            $0.name == "port-a" && $0.state == "attached" && $0.fromHook == "xsk"
                                && $0.xdpMode == mode.rawValue
                        }
                    }
                    try traffic.pingUntilAnswered(site)
                    let shown = try vSwitch.appctl("dpif/show")
                    #expect(shown.contains("xdp-mode-in-use=\(mode.rawValue)"), "\(shown)")
                    try traffic.ping(site)
                }
                #expect(daemon.stop().status == 0)
                #expect(daemon.errors.contains("Open vSwitch reads port-a another way now: it is attached anew"))
                #expect(!daemon.errors.contains(" error "), "\(daemon.errors)")
                let fromLeft = try LogLines.sums(try site.jsonLines()).filter { $0.key.port == "eni-a" }
                #expect(
                    fromLeft
                        == Site.byInterfaceID(traffic.expected(of: "port-a")).filter {
                            ["10.9.0.1", "fd09::1"].contains($0.key.source)
                        })
            }
        }

        @Test func `what is shown of the open window has the names of the switch, with and without a daemon`() throws {
            try Site.withSwitch { site, vSwitch in
                try site.addPorts(to: vSwitch)
                let daemon = try site.daemon(following: vSwitch, "--interval", "3600")
                try site.waitForPorts(["port-a", "port-b"])
                var traffic = Traffic()
                try traffic.ping(site)
                let expected = Site.byInterfaceID(traffic.expected)
                #expect(try LogLines.sums(try LogLines.json(try site.weir("dump", "--format", "json"))) == expected)
                daemon.stop(SIGKILL)
                #expect(try LogLines.sums(try LogLines.json(try site.weir("dump", "--format", "json"))) == expected)
            }
        }

        @Test func `the switch can be asked once what a port is`() throws {
            try Site.withSwitch { site, vSwitch in
                try vSwitch.addPort("port-a", to: "br0", as: .afxdp(.generic), externalIDs: ["iface-id": "eni-a"])
                var choice = SwitchChoice()
                choice.runDirectory = vSwitch.runDirectory
                let ports = try SwitchClient.ports(of: choice)
                let port = try #require(ports["port-a"])
                #expect(port.bridge == "br0" && port.way == .afxdp(.generic) && port.guest == .yes)
                #expect(port.identity.interfaceID == "eni-a" && ports["port-b"] == nil)
                try vSwitch.exitDatabase()
                #expect(throws: OVSDBFailure.self) { try SwitchClient.ports(of: choice) }
            }
        }
    }
}
