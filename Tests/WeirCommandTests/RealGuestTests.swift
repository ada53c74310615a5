// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// A virtual machine behind a tap, on a bridge of Open vSwitch, that talks to a namespace: its own counters are the
    /// witness, and those of the namespace for what it is sent.
    ///
    ///     machine  10.9.0.1 ── tap0 ┐             ┌ port-b ── eth0 ── right  10.9.0.2
    ///                               └─ OVS, br0 ─┘
    @Suite struct RealGuestTests {
        private static let megabytes = 20

        @Test(arguments: GuestMachine.Card.allCases)
        func `a guest's own counters are the sum of its records, in both directions`(card: GuestMachine.Card) throws {
            try Self.withTap(card) { site in
                let ovs = try OpenVSwitch(in: site.hub)
                if card == .offloading { try Self.allowSuperFrames(ovs) }
                try Self.bridge(ovs, tap: .system)
                let daemon = try site.daemon(
                    "--port", "tap0", "--port", "port-b", "--interval", "2", "--format", "json", "--log-dir", site.logs)
                let guest = try Self.talk(site, card)
                let ports = try site.status().ports
                #expect(ports.allSatisfy { $0.ingress.overflow.packets == 0 && $0.egress.overflow.packets == 0 })
                let dropped = try Self.dropped(site)
                #expect(daemon.stop(SIGTERM, grace: .seconds(20)).status == 0)
                let lines = try site.logFiles().flatMap { try LogLines.json(try site.unpacked($0)) }
                try expectSent(by: guest, "10.9.0.1", at: "tap0", lines)
                let right = HostCounters(try site.right.run(["cat", "/proc/net/snmp", "/proc/net/netstat"]))
                try expectSent(by: right, "10.9.0.2", at: "port-b", lines)
                let tap = try #require(ports.first { $0.name == "tap0" })
                try expectFrames(of: guest, card, tap, dropped: dropped)
                print(
                    "\(card): the guest sent \(tap.egress.ip.packets) packets in \(guest["Ip.OutRequests"]), "
                        + "got \(tap.ingress.ip.packets) in \(guest["Ip.InReceives"]); \(dropped) dropped")
            }
        }

        @Test(arguments: [OpenVSwitch.XDPMode.native, .generic])
        func `what a guest sends through an AF_XDP port is what its card says`(mode: OpenVSwitch.XDPMode) throws {
            try Self.withTap(.plain) { site in
                try site.weir("attach", "tap0", "--hook", "xsk", "--xdp-mode", mode.rawValue)
                let ovs = try OpenVSwitch(in: site.hub)
                try Self.bridge(ovs, tap: .afxdp(mode))
                let guest = try Self.talk(site, .plain)
                let sent = try #require(try site.status().ports.first).egress
                #expect(guest.sent("eth0").frames == sent.seen.packets)
                let octets = sent.ip.bytes + 14 * sent.ip.packets + 42 * sent.notIP.packets
                #expect(guest.sent("eth0").octets == octets)
                #expect(sent.seen.packets > 1000 && sent.overflow.packets == 0)
                ovs.close()
                try site.weir("detach", "--all")
            }
        }

        /// A site whose right guest is on no bridge yet, beside a tap.
        private static func withTap(_ card: GuestMachine.Card, _ body: (Site) throws -> Void) throws {
            try Site.with { site in
                try site.hub.ip("link set port-b nomaster")
                try site.hub.ip("tuntap add tap0 mode tap" + (card == .offloading ? " vnet_hdr" : ""))
                try site.hub.bringUp("tap0")
                if card == .plain { try site.right.disableOffloads(on: "eth0") }
                try body(site)
            }
        }

        /// Boots the machine, which pings, fetches and sends; its counters at the end.
        private static func talk(_ site: Site, _ card: GuestMachine.Card) throws -> HostCounters {
            let servers = try serve(site)
            let guest = try GuestMachine(
                behind: "tap0", in: site.hub, card: card, address: "\(try site.left.macAddress(of: "eth0"))",
                script: script, folder: site.path("machine"))
            let output = try guest.run(within: .seconds(120))
            #expect(output.contains("20 packets received"), "\(output)")
            #expect(output.contains("fetched \(megabytes << 20)"), "\(output)")
            try waitUntil("all that the guest sent has arrived") {
                servers.sink.output.contains("received \(megabytes << 20)")
            }
            return HostCounters(output)
        }

        private static func allowSuperFrames(_ ovs: OpenVSwitch) throws {
            try ovs.vsctl("set open_vswitch . other_config:userspace-tso-enable=true")
            // Read at the start only.
            try ovs.exitDaemon()
            try ovs.startDaemon()
        }

        private static func bridge(_ ovs: OpenVSwitch, tap: OpenVSwitch.PortType) throws {
            try ovs.addBridge("br0")
            try ovs.addPort("tap0", to: "br0", as: tap)
            try ovs.addPort("port-b", to: "br0")
        }

        /// What a host sent, by its own word: where it enters the switch. TCP counts segments, those that it sends
        /// again apart; IP counts a super-frame as one. Each segment but a super-frame's first repeats 52 bytes of headers: 20
        /// of IP, 20 of TCP, 12 of its time stamps (RFC 7323).
        private func expectSent(by host: HostCounters, _ source: String, at port: String, _ lines: [LogLine]) throws {
            let packets = host["Tcp.OutSegs"] + host["Tcp.RetransSegs"] + host["Icmp.OutMsgs"]
            let expected = PacketCount(
                packets: packets, octets: host["IpExt.OutOctets"] + 52 * (packets - host["Ip.OutRequests"]))
            let sums = try LogLines.sums(lines).filter { $0.key.port == port && $0.key.source == source }
            #expect(sums.values.reduce(.zero, +) == expected, "from \(source)")
            #expect(host["Tcp.OutSegs"] > 1000)
        }

        /// The guest's card: super-frames are one there, and so they are for IP in the guest. Ethernet adds 14 bytes, ARP
        /// takes 42.
        private func expectFrames(
            of guest: HostCounters, _ card: GuestMachine.Card, _ port: StatusReport.Port, dropped: UInt64
        ) throws {
            let (out, into) = (guest.sent("eth0"), guest.received("eth0"))
            let arp = 42 * port.egress.notIP.packets
            switch card {
            case .plain:
                #expect(out.frames == port.egress.seen.packets)
                #expect(out.octets == port.egress.ip.bytes + 14 * port.egress.ip.packets + arp)
                #expect(into.frames + dropped == port.ingress.seen.packets)
            case .offloading:
                let packets = guest["Ip.OutRequests"]
                #expect(port.egress.ip.packets > packets, "the guest gave its host super-frames")
                #expect(port.ingress.ip.packets > guest["Ip.InReceives"], "and was given some")
                #expect(out.frames == packets + port.egress.notIP.packets)
                #expect(out.octets == guest["IpExt.OutOctets"] + 14 * packets + arp)
            }
            guard dropped == 0 else { return }
            let merged = port.ingress.ip.packets - guest["Ip.InReceives"]
            #expect(port.ingress.ip.bytes == guest["IpExt.InOctets"] + 52 * merged)
        }

        /// Frames for the guest for which the tap had no room: behind its hook.
        private static func dropped(_ site: Site) throws -> UInt64 {
            let words = try site.hub.ip("-s link show tap0").split { $0 == " " || $0 == "\n" }
            let label = try #require(words.firstIndex(of: "TX:"))
            let tap = try #require(UInt64(words[label + 10]))
            let queue = try site.hub.run(["tc", "-s", "qdisc", "show", "dev", "tap0"])
            let match = try #require(
                queue.firstMatch(of: #/dropped (\d+)/#) ?? "dropped 0".firstMatch(of: #/dropped (\d+)/#))
            return tap + (UInt64(match.1) ?? 0)
        }

        /// A file to fetch, and somebody who takes all that is sent.
        private static func serve(_ site: Site) throws -> (files: ChildProcess, sink: ChildProcess) {
            let files = try site.right.start(["python3", "-c", source, "8000", "\(megabytes << 20)"])
            let sink = try site.right.start(["python3", "-c", sinkProgram, "9000"])
            try waitUntil("both listen") { files.output.contains("ready") && sink.output.contains("ready") }
            return (files, sink)
        }

        private static let source = """
            import socket, sys
            server = socket.create_server(("10.9.0.2", int(sys.argv[1])))
            print("ready", flush=True)
            client, _ = server.accept()
            client.sendall(bytes(int(sys.argv[2])))
            client.close()
            """

        private static let sinkProgram = """
            import socket, sys
            server = socket.create_server(("10.9.0.2", int(sys.argv[1])))
            print("ready", flush=True)
            client, _ = server.accept()
            total = 0
            while (data := client.recv(1 << 20)): total += len(data)
            print("received", total, flush=True)
            """

        private static let script = """
            ip link set lo up
            ip address add 10.9.0.1/24 dev eth0
            ip link set eth0 up
            ping -q -c 20 -i 0.1 10.9.0.2
            echo fetched $(nc 10.9.0.2 8000 | wc -c)
            dd if=/dev/zero bs=65536 count=\(megabytes << 4) 2>/dev/null | nc 10.9.0.2 9000
            sleep 2
            cat /proc/net/dev /proc/net/snmp /proc/net/netstat
            """
    }
}
