// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import TapService
import Testing

extension WeirCommandSuite {
    /// Tap services by the command: from an operator's words to frames at the monitor.
    ///
    ///     port-a is the source, port-idle the destination, whose other end is eth1 of the left guest
    @Suite struct TapCommandTests {
        private static func sessions(_ site: Site) throws -> [TapSessionView] {
            try JSONDecoder().decode(
                [TapSessionView].self, from: Data(try site.weir("tap", "session", "list", "--json").utf8))
        }

        /// What the only session has counted, when it has matched that many packets.
        private static func figures(_ site: Site, matching packets: UInt64) throws -> TapFigures {
            try waitUntil("\(packets) packets have matched") {
                try sessions(site).first?.figures.sum.matched.packets == packets
            }
            return try #require(try sessions(site).first).figures
        }

        private static func make(_ site: Site) throws {
            try site.weir("tap", "service", "create", "--name", "mon", "--port", "port-idle")
            try site.weir(
                "tap", "filter", "create", "--name", "dns", "--rule",
                "number=1,action=accept,direction=OUT,protocol=udp,destination-port=53")
            try site.weir(
                "tap", "flow", "create", "--name", "f", "--port", "port-a", "--tap-service", "mon", "--direction",
                "BOTH",
                "--filter", "dns", "--session", "1")
        }

        @Test func `what a filter chooses arrives at the monitor, frame by frame, and the account is exact`() throws {
            try Site.with { site in
                var daemon = try site.daemon("--port", "port-*", "--interval", "1")
                try Self.make(site)
                let monitor = try CaptureWitness(on: "eth1", in: site.left, direction: .received)
                let source = try CaptureWitness(
                    on: "eth0", in: site.left, direction: .sent, filter: "udp dst port 53")
                var traffic = Traffic()
                try traffic.send(site, datagrams: 20, of: 30)
                try traffic.send(site, datagrams: 5, of: 30, to: 54)
                try traffic.ping(site)
                var figures = try Self.figures(site, matching: 40)
                #expect(figures.ingress == TapCounts())
                #expect(figures.egress.mirrored == figures.egress.matched && figures.egress.obeysLaw)
                let (v4, v6) = (20 * (20 + 8 + 30), 20 * (40 + 8 + 30))
                #expect(figures.egress.matched.octets == UInt64(v4 + v6))

                // A change is in force when the command returns: two of the octets of each frame's payload are left out.
                try site.weir("tap", "flow", "update", "f", "--packet-length", "60")
                try traffic.send(site, datagrams: 3, of: 30)
                figures = try Self.figures(site, matching: 46)
                #expect(figures.egress.truncated.packets == 6)
                try site.weir("tap", "flow", "update", "f", "--unset", "packet_length")

                // The programs go on without a daemon, and the next one goes on with their accounts.
                #expect(daemon.stop().status == 0)
                try traffic.send(site, datagrams: 4, of: 30)
                daemon = try site.daemon("--port", "port-*", "--interval", "1")
                figures = try Self.figures(site, matching: 54)
                #expect(figures.egress.obeysLaw && figures.egress.mirrored.packets == 54)

                let sent = try source.stop()
                // A port that goes is waited for. When it comes again it has its session, and what was counted stays.
                try site.hub.ip("link delete port-a")
                try waitUntil("it waits for its source") { try Self.sessions(site).map(\.status) == [.down] }
                #expect(try Self.sessions(site)[0].figures.sum.matched.packets == 54)
                try site.left.addPair("eth0", to: site.hub, "port-a")
                try waitUntil("its session is back") { try Self.sessions(site).map(\.status) == [.active] }
                try traffic.send(site, datagrams: 1, of: 30)
                #expect(try Self.figures(site, matching: 56).egress.mirrored.packets == 56)

                try monitor.wait(for: 56)
                let arrived = Array(try monitor.stop().prefix(54))
                let whole = arrived.filter { $0.count > 60 }
                #expect(arrived.count == 54 && arrived.count - whole.count == 6)
                let expected: [[UInt8]] = Array(sent[..<40]) + Array(sent[46...])
                #expect(whole.sorted(by: Self.isBefore) == expected.sorted(by: Self.isBefore))
                let cut = sent[40..<46].map { Array($0.prefix(60)) }
                #expect(Array(arrived[40..<46]) == cut)
                #expect(daemon.stop().status == 0)
            }
        }

        /// As after a restart of the host: nothing is pinned, the state directory is what there is.
        @Test func `with nothing pinned any more the sessions come back, and have a port's frames from the first on`()
            throws
        {
            try Site.with { site in
                var daemon = try site.daemon("--port", "port-*", "--interval", "1")
                try site.weir("tap", "service", "create", "--name", "mon", "--port", "port-idle")
                try site.weir(
                    "tap", "flow", "create", "--name", "f", "--ports", "port-[a-c]", "--tap-service", "mon",
                    "--direction", "OUT", "--session", "1")
                #expect(daemon.stop().status == 0)
                try FileManager.default.removeItem(atPath: site.bpffs)
                func arrived() throws -> UInt64 {
                    HostCounters(try site.left.run(["cat", "/proc/net/dev"])).received("eth1").frames
                }
                let before = try arrived()
                let traffic = try SteadyTraffic(site, atMost: 60)
                daemon = try site.daemon("--port", "port-*", "--interval", "1")
                try site.waitForWindow()
                _ = try traffic.stop()
                let seen = try #require(try site.status().ports.first { $0.name == "port-a" }).egress.seen.packets
                #expect(seen > 0)
                let figures = try Self.figures(site, matching: seen)
                #expect(figures.egress.mirrored.packets == seen && figures.egress.obeysLaw)
                #expect(try arrived() - before == seen)
                #expect(daemon.stop().status == 0)
            }
        }

        /// The hub sends copies of port-a by the only tap flow to the right guest, as if that were another host.
        private static func copyToAnotherHost(_ site: Site) throws {
            let mac = try site.right.macAddress(of: "eth0")
            try site.hub.ip("address add 10.9.0.254/24 dev bridge")
            try site.hub.ip("neighbour replace 10.9.0.2 lladdr \(mac) dev bridge nud permanent")
            let far = try CaptureWitness(
                on: "eth0", in: site.right, direction: .received, filter: "udp dst port 4789")
            let source = try CaptureWitness(on: "eth0", in: site.left, direction: .sent, filter: "udp dst port 53")
            var traffic = Traffic()
            try traffic.send(site, datagrams: 3, of: 30)
            #expect(try figures(site, matching: 6).egress.mirrored.packets == 6)
            try far.wait(for: 6)
            let arrived = try far.stop()
            // Ethernet, IP, UDP and VXLAN; the VNI is in the last four bytes (RFC 7348 §5).
            #expect(arrived.map { Array($0[46..<50]) } == [[UInt8]](repeating: [0, 0x1b, 0x59, 0], count: 6))
            let inner = arrived.map { Array($0[50...]) }
            #expect(inner.sorted(by: isBefore) == (try source.stop()).sorted(by: isBefore))
        }

        private static func isBefore(_ left: [UInt8], _ right: [UInt8]) -> Bool {
            left.lexicographicallyPrecedes(right)
        }

        @Test func `objects are listed, shown, explained and deleted, with exit statuses that say how it went`() throws
        {
            try Site.with { site in
                try site.write(
                    "account-id: 123456789012\nregion: local-1\npublish-period: 1s\ntap-device: port-b\n",
                    to: "weir.yaml")
                let without = try site.outcome("tap", "flow", "list")
                #expect(without.status == 1 && without.errors.contains("no daemon answers on"))
                let daemon = try site.daemon("--port", "port-*", "--interval", "1")
                #expect(try site.weir("tap", "flow", "list") == "there is no tap flow\n")
                try Self.make(site)
                let flows = try site.weir("tap", "flow", "list").split(separator: "\n")
                #expect(
                    flows.count == 2 && flows[1].contains(#/ f +1 +port port-a +mon +BOTH +dns +ACTIVE$/#), "\(flows)")
                #expect(try site.weir("tap", "service", "show", "mon").contains(#/\nport_id +port-idle\n/#))
                #expect(
                    try site.weir("tap", "filter", "show", "dns").contains(
                        #/\nrules +action=accept destination_port=53 direction=OUT number=1 protocol=udp\n/#))
                let explanation = try site.weir(
                    "tap", "session", "explain", "--port", "port-a", "--direction", "OUT", "--protocol", "udp",
                    "--source",
                    "10.9.0.1", "--destination", "10.9.0.2", "--source-port", "1", "--destination-port", "54")
                #expect(
                    explanation == """
                        -         1 f: no rule for OUT matches
                                    passed rule 1 (accept udp port 53): destination port 54 is not 53
                        no session takes it: it is not copied

                        """)
                let wrong = try site.outcome(
                    "tap", "flow", "create", "--name", "g", "--port", "port-b", "--tap-service", "mon", "--session",
                    "40000")
                #expect(
                    wrong.status == 2
                        && wrong.errors
                            == "weir: session_number of a tap flow must be a number from 1 to 32766, not \"40000\"\n"
                )
                let used = try site.outcome("tap", "filter", "delete", "dns")
                #expect(
                    used.status == 1
                        && used.errors
                            == "weir: tap filter dns is used by tap flow f: give them another filter, or delete them first\n"
                            + "weir: 1 of 1 tap filter could not be deleted: dns\n",
                    "\(used.errors)")
                let status = try site.weir("status")
                #expect(
                    status.contains(
                        "tap       f (1): port-a to port port-idle, matched 0, mirrored 0, withheld 0, failed 0\n"),
                    "\(status)")
                let deleted = try site.outcome("tap", "service", "delete", "mon", "none")
                #expect(deleted.status == 1 && deleted.output == "deleted with it: tap flow f\n")
                #expect(
                    deleted.errors.hasSuffix("weir: 1 of 2 tap services could not be deleted: none\n"),
                    "\(deleted.errors)")
                // The port was a source, and is none now: it becomes one again.
                try site.weir("tap", "service", "create", "--name", "far", "--remote-ip", "10.9.0.2", "--vni", "7001")
                try site.weir(
                    "tap", "flow", "create", "--name", "g", "--port", "port-a", "--tap-service", "far", "--filter",
                    "dns")
                // Half of what a veth pair says that it can: 10 Gbit/s.
                let budget = try #require(try Self.sessions(site).first?.budgetBytesPerSecond)
                #expect(1_000_000...625_000_000 ~= budget)
                try Self.copyToAnotherHost(site)
                #expect(daemon.stop().status == 0)
                let log = daemon.errors
                #expect(
                    log.contains(
                        #/notice: tap flow f \(port port-a to tap service mon, BOTH\) was created, asked for by user 0, process \d+ \(weir\)\n/#
                    ), "\(log)")
                #expect(
                    log.contains("notice: tap service mon and tap flow f were deleted, asked for by user 0"), "\(log)")
            }
        }
    }
}
