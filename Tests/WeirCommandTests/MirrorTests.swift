// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowTestKit
import Foundation
import TapService
import Testing

extension WeirCommandSuite {
    /// Copies of ports whose programs cannot clone, which weir-mirror sends.
    ///
    ///     port-a is the source; port-idle, whose other end is eth1 of the left guest, a destination; far, whose other end is eth2 there, leads to
    ///     another host
    @Suite struct MirrorTests {
        private static func figures(_ site: Site, matching packets: UInt64) throws -> TapFigures {
            var sessions: [TapSessionView] = []
            try waitUntil("\(packets) packets have matched: \(sessions)") {
                sessions = try JSONDecoder().decode(
                    [TapSessionView].self, from: Data(try site.weir("tap", "session", "list", "--json").utf8))
                return sessions.first?.figures.sum.matched.packets == packets
            }
            return try #require(sessions.first).figures
        }

        private static func report(_ site: Site) throws -> MirrorReport {
            try #require(try site.daemonReport()?.taps?.mirror)
        }

        /// The other host's end of a link of its own.
        private static func addFarHost(_ site: Site) throws {
            try site.hub.ip("link set lo up")
            try site.left.addPair("eth2", to: site.hub, "far")
            try site.hub.addAddress("192.0.2.1/24", to: "far")
            let mac = try site.left.macAddress(of: "eth2")
            try site.hub.ip("neighbour replace 192.0.2.2 lladdr \(mac) dev far nud permanent")
        }

        private static func isBefore(_ left: [UInt8], _ right: [UInt8]) -> Bool {
            left.lexicographicallyPrecedes(right)
        }

        /// Frames in tunnels, after the outer headers: Ethernet, IPv4, UDP, VXLAN.
        private static func inner(_ frames: [[UInt8]]) -> [[UInt8]] { frames.map { Array($0.dropFirst(50)) } }

        /// What tshark reads of them.
        private static func decoded(_ frames: [[UInt8]], _ site: Site) throws -> Set<String> {
            let file = site.path("far.pcap")
            try Data(CaptureFile(frames).contents).write(to: URL(filePath: file))
            let fields = ["ip.src", "ip.dst", "ip.ttl", "ip.dsfield.dscp", "udp.dstport", "vxlan.vni"]
            let text = try ChildProcess.run(
                ["tshark", "-n", "-r", file, "-E", "occurrence=f", "-T", "fields"] + fields.flatMap { ["-e", $0] },
                within: .seconds(60))
            return Set(text.split(separator: "\n").map(String.init))
        }

        /// Datagrams that differ, from the left guest.
        private static func send(
            _ count: Int, _ site: Site, pausing: Bool = false, _ meanwhile: (Int) throws -> Void = { _ in }
        )
            throws
        {
            let injector = try FrameInjector(on: "eth0", in: site.left)
            let ethernet = Layer.ethernet(
                from: try site.left.macAddress(of: "eth0"), to: try site.right.macAddress(of: "eth0"))
            for number in 0..<count {
                let frame = Frame(
                    ethernet, .ipv4(from: "10.9.0.1", to: "10.9.7.7"), .udp(from: UInt16(1024 + number), to: 53),
                    .payload(100 + number % 1000))
                try injector.send(frame.bytes)
                if pausing { Thread.sleep(forTimeInterval: 0.0005) }
                try meanwhile(number)
            }
        }

        @Test func `frames of an AF_XDP port arrive at another host and at a port of this one, whatever ends`() throws {
            try AFXDPTests.withSwitch { site, vSwitch in
                try site.write(
                    "publish-period: 1s\nports: [{match: port-a, hook: xsk, xdp-mode: native}, port-idle]\n",
                    to: "weir.yaml")
                let daemon = try site.daemon("--interval", "1")
                try AFXDPTests.open(vSwitch, .native)
                try Self.addFarHost(site)
                try site.weir(
                    "tap", "service", "create", "--name", "mon", "--remote-ip", "192.0.2.2", "--vni", "7001", "--dscp",
                    "10",
                    "--ttl", "9")
                try site.weir(
                    "tap", "filter", "create", "--name", "dns", "--rule",
                    "number=1,action=accept,direction=OUT,protocol=udp,destination-port=53")
                try site.weir(
                    "tap", "flow", "create", "--name", "f", "--port", "port-a", "--tap-service", "mon", "--filter",
                    "dns",
                    "--direction", "OUT")
                let first = try checkRemote(site)
                let second = try checkKilled(site, after: first)
                let third = try checkUnsent(site, after: second)
                try site.weir(
                    "tap", "service", "update", "mon", "--unset", "remote_ip", "--unset", "vni", "--unset", "dscp",
                    "--unset", "ttl", "--port", "port-idle")
                try checkLocal(site, after: third)
                let pid = try #require(try Self.report(site).pid)
                #expect(try site.weir("status").contains("\nmirror    weir-mirror is process \(pid), "))
                try checkPrivileges(of: pid)
                #expect(daemon.stop().status == 0)
                #expect(kill(pid, 0) != 0)
                try site.weir("detach", "--all")
            }
        }

        private func checkRemote(_ site: Site) throws -> UInt64 {
            let source = try CaptureWitness(on: "eth0", in: site.left, direction: .sent, filter: "udp dst port 53")
            let far = try CaptureWitness(on: "eth2", in: site.left, direction: .received, filter: "udp dst port 4789")
            try Self.send(40, site)
            let counts = try Self.figures(site, matching: 40).egress
            try far.wait(for: 40)
            let (sent, arrived) = (try source.stop(), try far.stop())
            #expect(Self.inner(arrived).sorted(by: Self.isBefore) == sent.sorted(by: Self.isBefore))
            #expect(sent.count == 40 && counts.mirrored == counts.matched && counts.obeysLaw)
            #expect(counts.matched.octets == UInt64(sent.reduce(0) { $0 + $1.count - 14 }))
            #expect(try Self.decoded(arrived, site) == ["192.0.2.1\t192.0.2.2\t9\t10\t4789\t7001"])
            // One source port for all packets of a connection, and several for several.
            let ports = Set(arrived.map { Array($0[34..<36]) })
            #expect((2...8).contains(ports.count))
            return 40
        }

        /// What lies in the ring is sent by the next process; of what the one before had in hand some may come twice.
        private func checkKilled(_ site: Site, after before: UInt64) throws -> UInt64 {
            let source = try CaptureWitness(on: "eth0", in: site.left, direction: .sent, filter: "udp dst port 53")
            let far = try CaptureWitness(on: "eth2", in: site.left, direction: .received, filter: "udp dst port 4789")
            let pid = try #require(try Self.report(site).pid)
            try Self.send(2000, site, pausing: true) { if $0 == 1000 { kill(pid, SIGKILL) } }
            let counts = try Self.figures(site, matching: before + 2000).egress
            #expect(counts.mirrored == counts.matched && counts.obeysLaw)
            try waitUntil("all has come", within: .seconds(20)) { Set(Self.inner(try far.frames())).count == 2000 }
            let (sent, arrived) = (try source.stop(), Self.inner(try far.stop()))
            #expect(Set(arrived) == Set(sent) && sent.count == 2000)
            #expect(arrived.count - sent.count <= 64, "\(arrived.count) frames")
            #expect(try Self.report(site).restarts == 1)
            return before + 2000
        }

        private func checkUnsent(_ site: Site, after before: UInt64) throws -> UInt64 {
            try site.hub.ip("link set far down")
            try Self.send(100, site)
            try waitUntil("the daemon has heard of it") {
                try Self.figures(site, matching: before + 100).egress.failed.destination.packets == 100
            }
            try site.hub.ip("link set far up")
            let mac = try site.left.macAddress(of: "eth2")
            try site.hub.ip("neighbour replace 192.0.2.2 lladdr \(mac) dev far nud permanent")
            let far = try CaptureWitness(on: "eth2", in: site.left, direction: .received, filter: "udp dst port 4789")
            try Self.send(10, site)
            let counts = try Self.figures(site, matching: before + 110).egress
            try far.wait(for: 10)
            #expect(counts.failed.destination.packets == 100 && counts.obeysLaw)
            #expect(counts.failed.destination.octets == (0..<100).reduce(0) { $0 + 128 + UInt64($1) })
            #expect(counts.mirrored.packets == before + 10)
            _ = try far.stop()
            return before + 110
        }

        private func checkLocal(_ site: Site, after before: UInt64) throws {
            let source = try CaptureWitness(on: "eth0", in: site.left, direction: .sent, filter: "udp dst port 53")
            let monitor = try CaptureWitness(on: "eth1", in: site.left, direction: .received, filter: "udp dst port 53")
            try Self.send(40, site)
            let counts = try Self.figures(site, matching: before + 40).egress
            try monitor.wait(for: 40)
            let (sent, arrived) = (try source.stop(), try monitor.stop())
            #expect(arrived.sorted(by: Self.isBefore) == sent.sorted(by: Self.isBefore) && sent.count == 40)
            #expect(counts.mirrored.packets == before - 100 + 40 && counts.obeysLaw)
        }

        private func checkPrivileges(of pid: Int32) throws {
            for task in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task") {
                let status = try String(contentsOfFile: "/proc/\(pid)/task/\(task)/status", encoding: .utf8)
                for name in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
                    #expect(status.contains("\(name):\t0000000000000000\n"), "\(task) \(name)")
                }
                #expect(status.contains("NoNewPrivs:\t1\n"))
            }
        }

        /// Frames from the guest go through the ring, those to it are clones.
        @Test func `of a port with hook xdp both directions arrive, each once`() throws {
            try Site.with { site in
                try site.write("ports: [{match: port-a, hook: xdp}, port-b, port-idle]\n", to: "weir.yaml")
                let daemon = try site.daemon("--interval", "1")
                try site.hub.ip("link set lo up")
                try site.weir("tap", "service", "create", "--name", "mon", "--port", "port-idle")
                try site.weir(
                    "tap", "flow", "create", "--name", "f", "--port", "port-a", "--tap-service", "mon", "--direction",
                    "BOTH")
                let guest = try CaptureWitness(on: "eth0", in: site.left, filter: "icmp or icmp6")
                let monitor = try CaptureWitness(on: "eth1", in: site.left, direction: .received)
                var traffic = Traffic()
                try traffic.ping(site, count: 20)
                let figures = try Self.figures(site, matching: 80)
                #expect(figures.egress.mirrored.packets == 40 && figures.ingress.mirrored.packets == 40)
                #expect(figures.egress.obeysLaw && figures.ingress.obeysLaw)
                try monitor.wait(for: 80)
                let (seen, arrived) = (try guest.stop(), try monitor.stop())
                #expect(arrived.sorted(by: Self.isBefore) == seen.sorted(by: Self.isBefore) && seen.count == 80)
                try site.weir("tap", "flow", "delete", "f")
                try waitUntil("it is not needed any more") { try site.daemonReport()?.taps?.mirror?.pid == nil }
                #expect(daemon.stop().status == 0)
            }
        }
    }
}
