// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// What an enforced policy does with frames that it cannot judge by rules, as an operator sees it.
    @Suite struct FailClosedTests {
        private static let policy = """
            default-egress: deny
            ethertypes: [lldp]
            groups:
              - name: dns
                rules:
                  - {direction: egress, protocol: udp, port-range: 53}
            ports:
              - {match: port-a, groups: [dns], mode: enforce}

            """

        private struct Wire {
            let site: Site
            let injector: FrameInjector
            let ethernet: Layer

            init(_ site: Site) throws {
                self.site = site
                injector = try FrameInjector(on: "eth0", in: site.left)
                ethernet = .ethernet(
                    from: try site.left.macAddress(of: "eth0"), to: try site.right.macAddress(of: "eth0"))
            }

            /// An IPv6 datagram behind so many destination-option headers of eight octets.
            func datagram(behind headers: Int, to port: UInt16) -> [UInt8] {
                let ends = Site.addresses[1]
                return Frame(
                    [ethernet, .ipv6(from: ends.left, to: ends.right)]
                        + Array(repeating: .destinationOptions(), count: headers)
                        + [.udp(from: 9, to: port), .payload(ArrivalText.bytes)]
                ).bytes
            }

            func tagged(_ tags: Int, to port: UInt16) -> [UInt8] {
                let ends = Site.addresses[0]
                return Frame(
                    [ethernet] + Array(repeating: .vlan(0), count: tags)
                        + [
                            .ipv4(from: ends.left, to: ends.right), .udp(from: 9, to: port),
                            .payload(ArrivalText.bytes),
                        ]
                ).bytes
            }
        }

        private enum ArrivalText { static let bytes = Array("a datagram".utf8) }

        /// A real socket of right, of both families; prints the ports of what it received.
        private static func receiver(_ site: Site, _ ports: [UInt16]) throws -> ChildProcess {
            let script = """
                import select, socket
                sockets = {}
                for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                    for port in \(ports):
                        s = socket.socket(family, socket.SOCK_DGRAM)
                        if family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                        s.bind((address, port)); sockets[s] = port
                print("ready", flush=True)
                while True:
                    for s in select.select(list(sockets), [], [])[0]:
                        s.recv(4096); print("got", sockets[s], flush=True)
                """
            let receiver = try site.right.start(["python3", "-c", script])
            try waitUntil("the sockets are open") { receiver.output.contains("ready") }
            return receiver
        }

        @Test(arguments: ["json", "aws"])
        func `what is behind more headers than are read is refused, counted and logged`(format: String) throws {
            try Site.with { site in
                try site.write(Self.policy, to: "policy.yaml")
                let fields = "interface-id srcaddr packets action log-status flow-direction reject-reason"
                let daemon = try site.daemon(
                    [
                        "--port", "port-a", "--interval", "1", "--log-dir", site.logs, "--policy",
                        site.path("policy.yaml"),
                    ]
                        + (format == "json" ? ["--format", "json"] : ["--fields", fields]))
                let wire = try Wire(site)
                let receiver = try Self.receiver(site, [53, 7777])
                defer { receiver.stop() }
                for headers in [8, 9, 9, 100] { try wire.injector.send(wire.datagram(behind: headers, to: 7777)) }
                try wire.injector.send(wire.tagged(4, to: 7777))
                let lldp = Frame(.ethernet(type: EtherType.lldp), .payload(40)).bytes
                let mpls = Frame(.ethernet(type: EtherType.mpls), .payload(40)).bytes
                let arp = Frame(.ethernet(), .arp(from: "10.9.0.1", to: "10.9.0.2")).bytes
                for frame in [lldp, mpls, arp] { try wire.injector.send(frame) }
                // The last is allowed: when it is there, so would be the others.
                try wire.injector.send(wire.datagram(behind: 8, to: 53))
                try waitUntil("what is allowed has arrived") { receiver.output.contains("got 53") }
                #expect(!receiver.output.contains("got 7777"))
                for _ in 0..<2 { try site.waitForWindow() }
                let port = try #require(try site.status().ports.first)
                #expect(port.egress.refused.packets == 5 && port.egress.tooManyHeaders.packets == 4)
                #expect(port.egress.notIP.packets == 3 && port.egress.audited.packets == 0)
                #expect(daemon.stop().status == 0)
                if format == "json" {
                    try checkJSON(site, wire)
                } else {
                    let text = try site.logFiles().map { try site.unpacked($0) }.joined()
                    let lines = text.split(separator: "\n").map(String.init)
                    #expect(lines.contains("port-a - 4 REJECT OK egress too-many-headers"), "\(lines)")
                    #expect(lines.contains("port-a - 1 REJECT OK egress not-ip"), "\(lines)")
                }
            }
        }

        private func checkJSON(_ site: Site, _ wire: Wire) throws {
            let lines = try site.jsonLines().filter { $0["port"] == "port-a" && $0["flow-direction"] == "egress" }
            let unparsed = lines.filter { $0["unparsed"] != nil }
            #expect(unparsed.map { $0["unparsed"] ?? "" }.sorted() == ["not-ip", "too-many-headers"])
            for line in unparsed { #expect(line["action"] == "REJECT" && line["reject-reason"] == line["unparsed"]) }
            let first = wire.datagram(behind: 9, to: 7777)
            let sample = unparsed.first { $0["unparsed"] == "too-many-headers" }
            #expect(sample?["packets"] == "4" && sample?["sample-length"] == "\(first.count)")
            #expect(sample?["sample"] == first.prefix(128).map { String(format: "%02x", $0) }.joined())
            // In the flows: what was read, and what was allowed.
            let flows = lines.filter { $0["dstport"] != nil }.map { "\($0["dstport"] ?? "") \($0["action"] ?? "-")" }
            #expect(flows.sorted() == ["53 ACCEPT", "7777 REJECT"])
        }
    }
}
