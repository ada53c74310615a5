// SPDX-License-Identifier: Apache-2.0

import BPF
import DaemonReports
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// Ports that a real Open vSwitch reads through AF_XDP, as an operator has them measured.
    @Suite struct AFXDPTests {
        /// The switch in place of the site's bridge.
        static func withSwitch(_ body: (Site, OpenVSwitch) throws -> Void) throws {
            try Site.with { site in
                try site.hub.delete("bridge")
                for (end, port) in [(site.left, "port-a"), (site.right, "port-b")] {
                    try end.disableOffloads(on: "eth0")
                    try site.hub.disableOffloads(on: port)
                }
                let vSwitch = try OpenVSwitch(in: site.hub)
                defer { vSwitch.close() }
                try vSwitch.addBridge("br0")
                try body(site, vSwitch)
            }
        }

        static func open(_ vSwitch: OpenVSwitch, _ mode: OpenVSwitch.XDPMode) throws {
            for port in ["port-a", "port-b"] { try vSwitch.addPort(port, to: "br0", as: .afxdp(mode)) }
        }

        @Test(arguments: [OpenVSwitch.XDPMode.native, .generic], [false, true])
        func `every frame is in the records, whatever ends: switch, daemon or interface`(
            mode: OpenVSwitch.XDPMode, isSwitchFaster: Bool
        ) throws {
            try Self.withSwitch { site, vSwitch in
                try site.write(
                    """
                    region: local-1
                    publish-period: 1s
                    ports: [{match: port-a, hook: xsk, xdp-mode: \(mode.rawValue)}]

                    """, to: "weir.yaml")
                let arguments = ["--interval", "1", "--format", "json", "--log-dir", site.logs]
                let first = try site.daemon(arguments)
                try Self.open(vSwitch, mode)
                let traffic = try SteadyTraffic(site, atMost: 60)
                try site.waitForWindow()
                try vSwitch.exitDaemon()
                try vSwitch.startDaemon()
                first.stop(SIGKILL)
                try vSwitch.killDaemon()
                let daemon = try site.daemon(arguments)
                try vSwitch.startDaemon()
                try site.waitForWindow()
                var expected = Self.fromLeft(try traffic.stop())

                try recreate(site, vSwitch, mode, daemon, isSwitchFaster: isSwitchFaster)
                let more = try SteadyTraffic(site, atMost: 60)
                try site.waitForWindow()
                expected.merge(Self.fromLeft(try more.stop())) { $0 + $1 }
                try Self.expectEnd(site, daemon, expected)
            }
        }

        /// A machine's end and its start: before the daemon has seen the new interface the switch may have it open.
        private func recreate(
            _ site: Site, _ vSwitch: OpenVSwitch, _ mode: OpenVSwitch.XDPMode, _ daemon: ChildProcess,
            isSwitchFaster: Bool
        ) throws {
            let old = try #require(try site.status().ports.first { $0.name == "port-a" }).number
            if isSwitchFaster { daemon.signal(SIGSTOP) }
            try vSwitch.deletePort("port-a", from: "br0")
            try site.hub.delete("port-a")
            try site.left.addPair("eth0", to: site.hub, "port-a")
            try site.left.disableOffloads(on: "eth0")
            if isSwitchFaster {
                try vSwitch.addPort("port-a", to: "br0", as: .afxdp(mode))
                daemon.signal(SIGCONT)
            }
            try waitUntil("the new one is attached: \(daemon.errors)") {
                try site.status().ports.contains {
                    $0.name == "port-a" && $0.number != old && $0.state == "attached" && $0.fromHook == "xsk"
                }
            }
            if !isSwitchFaster { try vSwitch.addPort("port-a", to: "br0", as: .afxdp(mode)) }
        }

        /// Frames to the right guest are not observed at its port.
        private static func fromLeft(_ all: [LoggedFlow: PacketCount]) -> [LoggedFlow: PacketCount] {
            all.filter { $0.key.port == "port-a" }
        }

        private static func expectEnd(
            _ site: Site, _ daemon: ChildProcess, _ expected: [LoggedFlow: PacketCount]
        ) throws {
            #expect(try site.status().daemon?.windows.violations == 0)
            try site.weir("detach", "--all")
            let ended = daemon.stop(SIGTERM, grace: .seconds(20))
            #expect(ended.status == 0, "\(ended.errors)")
            let lines = try site.logFiles().flatMap { try LogLines.json(try site.unpacked($0)) }
            #expect(try LogLines.sums(lines) == expected)
        }

        @Test func `attach, status, doctor and detach say what is measured and what is not`() throws {
            try Self.withSwitch { site, vSwitch in
                try Self.open(vSwitch, .native)
                let attached = try site.weir("attach", "port-a")
                #expect(attached == "port-a: attached as port 1, from xsk (native), to unobserved\n")
                let port = try #require(try site.status().ports.first)
                #expect(port.fromHook == "xsk" && port.toHook == "unobserved" && port.xdpMode == "native")
                let limit =
                    "frames to the guest are not observed at this port: the switch sends them past every hook"
                #expect(port.limits == [limit])
                #expect(try site.weir("status").contains("\nport-a: \(limit)\n"))
                let doctor = try site.weir("doctor")
                let user = "ovs-vswitchd (pid \(try #require(vSwitch.daemonPID))) uses libxdp 1."
                #expect(doctor.contains("ok   af_xdp: ") && doctor.contains(user), "\(doctor)")
                #expect(doctor.contains("of AF_XDP ports (--hook xsk) only frames from the guest are observed"))
                try site.weir("detach", "port-a")
                #expect(try site.hub.run(["bpftool", "net", "show", "dev", "port-a"]).contains("port-a("))
                #expect(!FileManager.default.fileExists(atPath: site.bpffs))
            }
        }

        /// The interface does not tell before the switch has opened it; the switch's database does.
        @Test(arguments: [OpenVSwitch.XDPMode.native, .generic])
        func `attach asks the switch for the hook and the mode of a port that is not open yet`(
            mode: OpenVSwitch.XDPMode
        ) throws {
            try Self.withSwitch { site, vSwitch in
                try vSwitch.exitDaemon()
                let settings = OpenVSwitch.settings("port-a", .afxdp(mode), [:])
                try vSwitch.vsctl(["--no-wait", "add-port", "br0", "port-a"] + settings)
                try vSwitch.vsctl(["--no-wait", "add-port", "br0", "port-b"])
                #expect(
                    try site.weir("attach", "port-a", "port-b", "port-idle", "--ovs-rundir", vSwitch.runDirectory)
                        == """
                        port-a: attached as port 1, from xsk (\(mode.rawValue)), to unobserved
                        port-b: attached as port 2, from tcx, to tcx
                        port-idle: attached as port 3, from tcx, to tcx

                        """)
                try vSwitch.startDaemon()
                var traffic = Traffic()
                try traffic.pingUntilAnswered(site)
                try traffic.ping(site)
                let lines = try LogLines.json(try site.weir("dump", "port-a", "--format", "json"))
                let fromLeft = traffic.expected(of: "port-a").filter {
                    ["10.9.0.1", "fd09::1"].contains($0.key.source)
                }
                #expect(try LogLines.sums(lines) == fromLeft)
                try site.weir("detach", "--all")
            }
        }

        @Test func `attach goes on without a switch, and with one that does not answer`() throws {
            try Self.withSwitch { site, vSwitch in
                #expect(try site.weir("attach", "port-a", "--ovs-rundir", site.path("nowhere")).contains("from tcx"))
                let database = try #require(vSwitch.databasePID)
                kill(database, SIGSTOP)
                defer { kill(database, SIGCONT) }
                let attached = try site.outcome("attach", "port-b", "--ovs-rundir", vSwitch.runDirectory)
                #expect(attached.status == 0 && attached.errors == "" && attached.output.contains("from tcx"))
                try site.weir("detach", "--all")
            }
        }

        @Test func `what takes CAP_SYS_ADMIN is refused without it, and attaching before the switch is not`() throws {
            try Self.withSwitch { site, vSwitch in
                let few = ["setpriv", "--bounding-set=-all,+bpf,+net_admin,+perfmon", "--inh-caps=-all"]
                let attach = ["attach", "port-a", "--hook", "xsk", "--xdp-mode", "native"]
                let early = try site.outcome(attach, behind: few)
                #expect(early.errors == "" && early.status == 0)
                try Self.open(vSwitch, .native)
                let detached = try site.outcome(["detach", "port-a"], behind: few)
                #expect(detached.errors == "" && detached.status == 0)

                let refused = try site.outcome(attach, behind: few)
                let sentence =
                    /weir: cannot attach to port-a: an XDP program \(id \d+\) is there, and to look at it takes CAP_SYS_ADMIN; attach the port before the switch opens it, or as root: weir attach\n/
                #expect(refused.errors.wholeMatch(of: sentence) != nil, "\(refused.errors)")
                #expect(refused.status == 1)
                #expect(!FileManager.default.fileExists(atPath: site.bpffs))
            }
        }
    }
}
