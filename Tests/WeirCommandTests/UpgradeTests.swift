// SPDX-License-Identifier: Apache-2.0

import BPF
import DaemonReports
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import TapService
import Testing

extension WeirCommandSuite {
    /// Two builds whose pins are laid out differently: tools/next-build makes the later one.
    @Suite struct UpgradeTests {
        private static var next: String {
            get throws {
                let path = ProcessInfo.processInfo.environment["WEIR_NEXT_BUILD"]
                return try #require(path, "WEIR_NEXT_BUILD names the command that tools/next-build made")
            }
        }

        @Test(arguments: ["line", "percpu-hash"], [SIGTERM, SIGKILL])
        func `a later version takes over under traffic, and not a frame is uncounted`(
            engine: String, end: Int32
        ) throws {
            try Site.with { site in
                try site.write("table-engine: \(engine)\nregion: local-1\npublish-period: 1s\n", to: "weir.yaml")
                let earlier = try site.daemon(Self.arguments(site))
                let traffic = try SteadyTraffic(site, atMost: 60)
                try site.waitForWindow()
                Thread.sleep(forTimeInterval: 0.3)
                earlier.stop(end)
                let ports = try site.attachedPorts()
                #expect(ports.count == 2)

                site.executable = try Self.next
                let later = try site.daemon(Self.arguments(site))
                try site.waitForWindow()
                #expect(try site.attachedPorts() == ports, "ports keep their numbers and their hooks")
                #expect(try site.layouts().count == 1, "nothing is left of the earlier layout")
                try expectAll(site, traffic, later)

                // And back: who is older does not touch what is newer.
                site.executable = Site.binary
                let pins = try site.pins()
                for arguments in [["run"] + Self.arguments(site), ["attach", "port-idle"]] {
                    let refused = try site.outcome(arguments)
                    #expect(refused.status == 1)
                    #expect(refused.errors.contains("a newer version of Weir measures there"), "\(refused.errors)")
                }
                #expect(try site.pins() == pins)
                site.executable = try Self.next
                try site.weir("detach", "--all")
            }
        }

        @Test func `an enforced policy lets nothing through while a later version takes over`() throws {
            try Site.with { site in
                let earlier = try site.daemon(Self.arguments(site))
                try site.write(
                    "groups: [{name: none}]\nports: [{match: port-b, groups: [none], mode: enforce}]\n", to: "none.yaml"
                )
                try site.weir("policy", "load", site.path("none.yaml"))
                let before = try site.received()
                // A datagram a millisecond, each refused, until the folder has a file.
                let sender = try site.left.start([
                    "python3", "-c",
                    """
                    import os, socket, time
                    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    for number in range(1, 20001):
                        s.sendto(b'x', ('10.9.0.2', 7000)); time.sleep(0.001)
                        if os.path.exists('\(site.path("enough"))'): break
                    print(number)
                    """,
                ])
                try site.waitForWindow()
                earlier.stop(SIGTERM)
                site.executable = try Self.next
                let later = try site.daemon(Self.arguments(site))
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(try site.weir("policy", "show").contains("enforce"))
                try site.write("", to: "enough")
                try sender.wait(within: .seconds(20))
                let sent = try #require(UInt64(sender.output.filter(\.isNumber)))
                #expect(later.stop().status == 0)
                let refused = try site.jsonLines().filter { $0["port"] == "port-b" && $0["rule"] == "default/ingress" }
                #expect(try refused.reduce(0) { try $0 + LogLines.number($1, "packets") } == sent)
                #expect(refused.allSatisfy { $0["action"] == "REJECT" && $0["reject-reason"] == "policy" })
                #expect(try site.received() == before, "not a datagram came out")
                try site.weir("detach", "--all")
            }
        }

        /// One port is mirrored to a port, the other to another host, for which the guest on the right stands.
        @Test func `tap sessions go on while a later version takes over, and not a frame is left uncopied`() throws {
            try Site.with { site in
                let earlier = try site.daemon(Self.arguments(site))
                let mac = try site.right.macAddress(of: "eth0")
                try site.hub.ip("address add 10.9.0.254/24 dev bridge")
                try site.hub.ip("neighbour replace 10.9.0.2 lladdr \(mac) dev bridge nud permanent")
                for command in [
                    "service create --name mon --port port-idle",
                    "service create --name far --remote-ip 10.9.0.2 --vni 7001",
                    "flow create --name near --port port-a --tap-service mon --direction OUT --session 1",
                    "flow create --name away --port port-b --tap-service far --direction IN --session 1",
                ] {
                    _ = try ChildProcess.run(
                        site.command(["tap"] + command.split(separator: " ").map(String.init)),
                        environment: site.environment)
                }
                let before = (try site.copies(), try site.received())
                let traffic = try SteadyTraffic(site, atMost: 60)
                try site.waitForWindow()
                earlier.stop(SIGTERM)
                site.executable = try Self.next
                let later = try site.daemon(Self.arguments(site))
                try site.waitForWindow()
                let sent = try traffic.stop().filter { $0.key.port == "port-a" }.values.reduce(.zero, +)
                #expect(try site.layouts().count == 1, "nothing is left of the earlier layout")
                try waitUntil("all is counted") { try site.sessions().allSatisfy { $0.matched == sent } }
                #expect(try site.sessions().map(\.mirrored) == [sent, sent])
                #expect(try site.copies() - before.0 == sent.packets)
                #expect(try site.received() - before.1 == 2 * sent.packets, "what was sent, and a copy of it")
                #expect(later.stop().status == 0)
                try site.weir("detach", "--all")
            }
        }

        /// The later version's program delivers to the sockets that the switch has open; whoever is behind the port waits for
        /// nothing.
        @Test(arguments: [OpenVSwitch.XDPMode.native, .generic])
        func `a port that the switch reads by AF_XDP is taken over while it forwards`(
            mode: OpenVSwitch.XDPMode
        ) throws {
            try AFXDPTests.withSwitch { site, vSwitch in
                try site.write(
                    """
                    region: local-1
                    publish-period: 1s
                    ports: [{match: port-a, hook: xsk, xdp-mode: \(mode.rawValue)}]

                    """, to: "weir.yaml")
                let arguments = ["--interval", "1", "--format", "json", "--log-dir", site.logs]
                let earlier = try site.daemon(arguments)
                try AFXDPTests.open(vSwitch, mode)
                var traffic = Traffic()
                try traffic.pingUntilAnswered(site)
                let pings = try traffic.startPings(site, count: 3000)
                try site.waitForWindow()
                earlier.stop(SIGKILL)
                let ports = try site.attachedPorts()
                #expect(ports == ["port-a 1 xsk unobserved"])

                site.executable = try Self.next
                let later = try site.daemon(arguments)
                try site.waitForWindow()
                #expect(try site.attachedPorts() == ports)
                #expect(try site.layouts().count == 1, "nothing is left of the earlier layout")
                try #require(pings.isRunning, "pings went on until it was done")
                #expect(try pings.wait(within: .seconds(60)).output.contains(" 3000 received"))
                try expectAll(site, traffic.expected(of: "port-a").filter { $0.key.source == "10.9.0.1" }, later)
                // The switch opens it again, too.
                try vSwitch.exitDaemon()
                try vSwitch.startDaemon()
                try traffic.pingUntilAnswered(site)
                try site.weir("detach", "--all")
            }
        }

        @Test func `a take-over that is killed at any moment is ended by the next daemon`() throws {
            try Site.with { site in
                let earlier = try site.daemon(Self.arguments(site))
                let traffic = try SteadyTraffic(site, atMost: 90)
                try site.waitForWindow()
                earlier.stop(SIGKILL)
                site.executable = try Self.next
                for step in 0..<20 {
                    let killed = try site.start(Self.arguments(site))
                    Thread.sleep(forTimeInterval: 0.05 + 0.02 * Double(step))
                    killed.stop(SIGKILL)
                }
                let later = try site.daemon(Self.arguments(site))
                #expect(try site.layouts().count == 1)
                try expectAll(site, traffic, later)
                try site.weir("detach", "--all")
            }
        }

        @Test func `what only attaches does not take over, and says who does`() throws {
            try Site.with { site in
                try site.weir("attach", "port-a")
                site.executable = try Self.next
                let refused = try site.outcome("attach", "port-b")
                #expect(refused.status == 1)
                #expect(
                    refused.errors.contains("start the daemon of this version, which takes over"), "\(refused.errors)")
                site.executable = Site.binary
                try site.weir("detach", "--all")
            }
        }

        @Test(arguments: [
            ("v2-0a1b2c3d", "a version of Weir that is too old to be taken over measures there (v2-0a1b2c3d)"),
            ("v99-0a1b2c3d", "a newer version of Weir measures there (v99-0a1b2c3d)"),
        ])
        func `tables that cannot be taken over are refused before anything is touched`(
            layout: String, cause: String
        ) throws {
            try Site.with { site in
                try site.makeDirectory("\(site.bpffs)/\(layout)")
                try ChildProcess.run([
                    "bpftool", "map", "create", "\(site.bpffs)/\(layout)/weir_control", "type", "array", "key", "4",
                    "value", "4", "entries", "1", "name", "weir_control",
                ])
                let pins = try site.pins()
                for arguments in [["run"] + Self.arguments(site), ["attach", "port-idle"]] {
                    let refused = try site.outcome(arguments)
                    #expect(refused.status == 1)
                    #expect(refused.errors.contains(cause), "\(refused.errors)")
                }
                #expect(try site.pins() == pins)
            }
        }

        @Test func `what another version left without tables is removed`() throws {
            try Site.with { site in
                try site.makeDirectory("\(site.bpffs)/v2-0a1b2c3d/ports")
                let daemon = try site.daemon(Self.arguments(site))
                #expect(try site.layouts().count == 1)
                #expect(daemon.stop().status == 0)
                try site.weir("detach", "--all")
            }
        }

        private static func arguments(_ site: Site) -> [String] {
            ["--port", "port-[ab]", "--interval", "1", "--format", "json", "--log-dir", site.logs]
        }

        private func expectAll(_ site: Site, _ traffic: SteadyTraffic, _ daemon: ChildProcess) throws {
            try expectAll(site, try traffic.stop(), daemon)
        }

        private func expectAll(
            _ site: Site, _ expected: [LoggedFlow: PacketCount], _ daemon: ChildProcess
        ) throws {
            #expect(try site.status().daemon?.windows.violations == 0)
            let ended = daemon.stop(SIGTERM, grace: .seconds(20))
            #expect(ended.status == 0, "\(ended.errors)")
            let lines = try site.logFiles().flatMap { try LogLines.json(try site.unpacked($0)) }
            #expect(lines.allSatisfy { $0["log-status"] != "SKIPDATA" })
            #expect(try LogLines.sums(lines) == expected)
        }
    }
}

extension Site {
    /// Of every tap session, both directions.
    fileprivate func sessions() throws -> [TapCounts] {
        let text = try weir("tap", "session", "list", "--json")
        return try JSONDecoder().decode([TapSessionView].self, from: Data(text.utf8)).map(\.figures.sum)
    }

    /// Copies that have come to the other end of port-idle.
    fileprivate func copies() throws -> UInt64 {
        HostCounters(try left.run(["cat", "/proc/net/dev"])).received("eth1").frames
    }

    /// Frames that the guest on the right has received.
    fileprivate func received() throws -> UInt64 {
        HostCounters(try right.run(["cat", "/proc/net/dev"])).received("eth0").frames
    }

    /// Numbers and hooks of the ports that are attached.
    fileprivate func attachedPorts() throws -> [String] {
        try status().ports.map { "\($0.name) \($0.number) \($0.fromHook) \($0.toHook)" }.sorted()
    }

    /// The layouts that are pinned.
    fileprivate func layouts() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: bpffs) }

    fileprivate func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    fileprivate func pins() throws -> String { try ChildProcess.run(["find", bpffs]) }
}
