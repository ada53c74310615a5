// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowTestKit
import FlowVerdict
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// The host is a router between the guests, with rules of netfilter, and says itself why it drops what it drops.
    @Suite struct KernelDropTests {
        /// Makes the hub a router from left to right; right does not answer.
        private func route(_ site: Site) throws {
            try site.hub.set(["net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1"])
            let router = try site.hub.macAddress(of: "port-a")
            let right = try site.right.macAddress(of: "eth0")
            for (here, there) in [("10.9.0.1", "10.9.0.2"), ("fd09::1", "fd09::2")] {
                try site.left.addNeighbour(there, at: router, on: "eth0")
                try site.hub.ip("route add \(here) dev port-a")
                try site.hub.ip("route add \(there) dev port-b")
                try site.hub.addNeighbour(there, at: right, on: "port-b")
            }
            // Where the hub knows no way to.
            try site.left.ip("route add 10.9.7.0/24 via 10.9.0.2 dev eth0 onlink")
            try site.write(
                """
                table inet guard {
                    counter refused { }
                    counter strange { }
                    chain forward {
                        type filter hook forward priority 0;
                        ct state invalid counter name strange drop
                        udp dport 7001 counter name refused drop
                    }
                }

                """, to: "guard.nft")
            try site.hub.run(["nft", "-f", site.path("guard.nft")])
        }

        private func packets(_ counter: String, _ site: Site) throws -> UInt64 {
            let text = try site.hub.run(["nft", "list", "counter", "inet", "guard", counter])
            let match = try #require(text.firstMatch(of: #/packets (\d+)/#))
            return try #require(UInt64(match.1))
        }

        /// Datagrams from ports 20000 and on, two of each.
        private static func datagrams(_ flows: Int, to address: String, _ port: Int) -> String {
            """
            for source in range(20000, \(20000 + flows)):
                s = socket.socket(socket.AF_INET6 if ':' in '\(address)' else socket.AF_INET, socket.SOCK_DGRAM)
                s.bind(('', source)); s.sendto(b'a', ('\(address)', \(port))); s.sendto(b'b', ('\(address)', \(port)))

            """
        }

        /// Segments of a connection that nobody has opened, which connection tracking takes for invalid.
        private static func strangeSegments(_ flows: Int) -> String {
            """
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
            for source in range(30000, \(30000 + flows)):
                # FIN, SYN and RST together.
                raw.sendto(struct.pack('!HHIIBBHHH', source, 80, 1, 0, 5 << 4, 7, 1024, 0, 0), ('10.9.0.2', 0))

            """
        }

        @Test func `what the host drops is REJECT with the kernel's reason, and what it lets through is not`() throws {
            try Site.with(isBridged: false) { site in
                do { try route(site) } catch {
                    print("ROUTE", error)
                    throw error
                }
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "2", "--log-dir", site.logs, "--format", "json",
                    "--kernel-drops")
                let script =
                    "import socket, struct\n" + Self.datagrams(30, to: "10.9.0.2", 7000)
                    + Self.datagrams(30, to: "10.9.0.2", 7001) + Self.datagrams(10, to: "fd09::2", 7001)
                    + Self.datagrams(20, to: "10.9.7.9", 7000) + Self.strangeSegments(15)
                try site.waitForWindow()
                try site.left.run(["python3", "-c", script])
                for _ in 0..<2 { try site.waitForWindow() }
                let status = try #require(try site.status().daemon)
                #expect(status.kernelDrops?.failure == nil && status.kernelDrops?.missed == 0)
                #expect(daemon.stop().status == 0)

                let lines = try site.jsonLines().filter { $0["log-status"] == "OK" && $0["port"] == "port-a" }
                let egress = lines.filter { $0["flow-direction"] == "egress" && $0["protocol"] != "58" }
                #expect(egress.count == 105)
                for line in egress {
                    let reason = try Self.reason(line)
                    #expect(line["action"] == reason.map { _ in "REJECT" }, "\(line)")
                    #expect(line["verdict-source"] == reason.map { _ in "kernel-drop" }, "\(line)")
                    #expect(
                        reason.map { line["reject-reason"]?.hasSuffix($0) == true } ?? (line["reject-reason"] == nil))
                }
                // What netfilter itself counted.
                let refused = try packets("refused", site)
                #expect(refused == 80)
                #expect(try packets("strange", site) == 15)
                #expect(try Self.packets(egress) { $0["dstport"] == "7001" } == refused)
                // And what came out on the other side.
                let delivered = try site.jsonLines().filter { $0["port"] == "port-b" && $0["dstport"] == "7000" }
                #expect(try Self.packets(delivered) { $0["action"] == "ACCEPT" } == 60)
                let verdicts = try #require(status.verdicts)
                let netfilter = verdicts.rejections.filter { $0.reason == "NETFILTER_DROP" }
                #expect(netfilter.reduce(0) { $0 + $1.count.packets } == 95)
            }
        }

        /// How the reason must end; nil where the packets get through.
        private static func reason(_ line: LogLine) throws -> String? {
            let destination = try #require(line["dstaddr"])
            if destination.hasPrefix("10.9.7.") { return "NOROUTES" }
            return line["dstport"] == "7000" ? nil : "NETFILTER_DROP"
        }

        private static func packets(_ lines: [LogLine], where isWanted: (LogLine) -> Bool) throws -> UInt64 {
            try lines.filter(isWanted).reduce(0) { try $0 + LogLines.number($1, "packets") }
        }

        /// Frames of 35,000 source ports to each of two ports.
        private static let flood = """
            import socket, sys, time
            frame = bytearray.fromhex(sys.argv[1])
            sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            sender.bind(("eth0", 0))
            for destination in (7001, 7002):
                for source in range(20000, 55000):
                    frame[34:38] = source.to_bytes(2, "big") + destination.to_bytes(2, "big")
                    while True:
                        try:
                            sender.send(frame)
                            break
                        except OSError:
                            time.sleep(0.001)
            """

        @Test func `what a flood at one port has dropped costs another port nothing`() throws {
            try Site.with(isBridged: false) { site in
                try route(site)
                let router = try site.hub.macAddress(of: "port-b")
                try site.right.addNeighbour("10.9.0.1", at: router, on: "eth0")
                try site.hub.run(["nft", "add rule inet guard forward udp dport 7002 drop"])
                let frame = Frame([
                    .ethernet(from: try site.left.macAddress(of: "eth0"), to: try site.hub.macAddress(of: "port-a")),
                    .ipv4(from: "10.9.0.1", to: "10.9.0.2"), .udp(from: 0, to: 7001),
                ]).bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "10", "--log-dir", site.logs, "--format", "json",
                    "--flows", "1048576", "--kernel-drops")
                // All of the flood is in one window, also on a slow host, and in one part of it: what a part before lost
                // no packet of any more makes room.
                try site.waitForWindow()
                try site.left.run(["python3", "-c", Self.flood, frame])
                try site.right.run(["python3", "-c", "import socket\n" + Self.datagrams(50, to: "10.9.0.1", 7001)])
                try site.waitForWindow()
                let drops = try #require(try site.status().daemon?.kernelDrops)
                #expect(try #require(site.status().daemon).swaps.earlySwaps == 0)
                // A quarter of 65,536 flows found room.
                #expect(drops.missedByPort == ["port-a": 70_000 - 16_384])
                #expect(drops.missed == 70_000 - 16_384)
                #expect(try site.weir("status").contains("53616 not seen (found no room: 53616 of port-a)"))
                #expect(daemon.stop().status == 0)

                let text = try ChildProcess.run([
                    "sh", "-c", "find \(site.logs) -name '*.gz' -exec zcat {} + | grep '\"port\":\"port-b\"'",
                ])
                let lines = try LogLines.json(text).filter {
                    $0["dstport"] == "7001" && $0["flow-direction"] == "egress"
                }
                #expect(lines.count == 50)
                #expect(lines.allSatisfy { $0["verdict-source"] == "kernel-drop" && $0["action"] == "REJECT" })
            }
        }

        @Test func `without being asked to, nobody follows what the kernel drops`() throws {
            try Site.with { site in
                _ = try site.daemon("--port", "port-[ab]", "--interval", "1", "--stdout")
                #expect(try site.status().daemon?.kernelDrops == nil)
            }
        }
    }
}
