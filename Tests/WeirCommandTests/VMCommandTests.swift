// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import HostMonitor
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// `weir vm`, of a machine whose figures the operator's own provider tells.
    @Suite struct VMCommandTests {
        private static let id = "c2e3fc5a-5d0c-4b3e-9f1a-111111111111"

        /// Every second a second of CPU time more; the figures of its interface are what was sent before the provider began.
        private static func provider(_ site: Site) -> String {
            """
            #!/bin/sh
            seconds=0
            while :; do
                seconds=$((seconds + 1))
                echo '{"interface": "port-a", "instance_id": "\(id)", "instance_name": "web-1", "project_name": "shop"}'
                echo '{"complete": true}'
                printf '{"machine": "\(id)", "domain": "instance-00000007", "instance_name": "web-1", "project_name": "shop", "life": 1, "stats": '
                printf '{"state.state": 1, "cpu.time": %d000000000, "vcpu.maximum": 1, "vcpu.0.state": 1, "vcpu.0.time": 5, ' $seconds
                printf '"balloon.current": 1000, "balloon.maximum": 2000, "net.count": 1, "net.0.rx.bytes": 686, "net.0.rx.pkts": 7, '
                printf '"net.0.tx.bytes": 700, "net.0.tx.pkts": 7}, "names": {"net.0.name": "port-a"}}\\n'
                echo '{"machine": "d0000000-0000-0000-0000-000000000002", "domain": "db-1", "stats": {"state.state": 5}}'
                echo '{"machines_complete": true}'
                sleep 1
            done
            """
        }

        private func with(_ body: (Site, ChildProcess) throws -> Void) throws {
            try Site.with { site in
                try site.write(Self.provider(site), to: "provider")
                try site.write(
                    """
                    interval: 1
                    monitor-interval: 1
                    ports: [{match: port-a}, {match: port-b}]
                    providers: [{name: inventory, command: [/bin/sh, \(site.path("provider"))]}]
                    """, to: "weir.yaml")
                let daemon = try site.daemon()
                try site.waitForPorts(["port-a", "port-b"])
                try site.left.run(["ping", "-q", "-c", "7", "-i", "0.01", "10.9.0.2"])
                for _ in 0..<2 { try site.waitForWindow() }
                try waitUntil("the machine has a rate") {
                    try site.monitor().machines.contains { $0.cpuPercent ?? 0 > 0 }
                }
                try body(site, daemon)
            }
        }

        @Test func `machines are listed and shown, with libvirt's figures beside Weir's`() throws {
            try with { site, daemon in
                let rows = try site.weir("vm", "list").split(separator: "\n")
                #expect(rows.count == 3 && rows[0].hasPrefix("MACHINE  PROJECT  STATE     CPU %"))
                #expect(
                    rows[1].hasPrefix("db-1     -        shut off") && rows[2].hasPrefix("web-1    shop     running"))
                #expect(try site.weir("vm", "list", "--order", "cpu").split(separator: "\n")[1].hasPrefix("web-1"))
                let listed = try JSONDecoder().decode(Listed.self, from: Data(site.weir("vm", "list", "--json").utf8))
                #expect(listed.machines.map(\.domain).sorted() == ["db-1", "instance-00000007"])

                for name in ["web-1", "instance-00000007", Self.id, "c2e3fc5a"] {
                    let text = try site.weir("vm", "show", name, "--since", "1h")
                    #expect(text.hasPrefix("web-1\nid         \(Self.id)\n"), "\(name)")
                    #expect(text.contains("Most traffic since") && !text.contains("Most rejects"))
                }
                let decoder = JSONDecoder()
                decoder.keyDecodingStrategy = .convertFromSnakeCase
                let shown = try decoder.decode(
                    Shown.self, from: Data(site.weir("vm", "show", "web-1", "--since", "1h", "--json").utf8))
                let comparison = try #require(shown.comparison.first)
                let port = try #require(try site.status().ports.first { $0.name == "port-a" })
                #expect(comparison.ingress.packets == port.ingress.seen.packets)
                #expect(comparison.ingress.frameBytes == port.ingress.seen.bytes + 14 * port.ingress.seen.packets)
                #expect(comparison.ingress.differenceBytes == 686 - Int64(comparison.ingress.frameBytes))
                #expect(comparison.egress.libvirtBytes == 700)
                let echoes = shown.peers.groups.filter { $0.protocol == 1 }
                #expect(echoes.map(\.packets) == [7, 7] && Set(echoes.map(\.dstaddr)) == ["10.9.0.1", "10.9.0.2"])

                let unknown = try site.outcome("vm", "show", "web")
                #expect(unknown.status == 1 && unknown.errors == "weir: there is no machine web: see weir vm list\n")
                #expect(daemon.stop().status == 0)
                let gone = try site.outcome("vm", "list")
                #expect(gone.status == 1 && gone.errors.contains("no daemon answers on \(site.socket)"))
            }
        }

        @Test func `on a terminal the list is alive, and q ends it`() throws {
            try with { site, _ in
                let window = try TerminalWindow(site, ["vm", "list", "--watch"], columns: 120, rows: 12)
                try window.wait("the list") { $0[0].contains("MEMORY") && $0[2].hasPrefix("web-1") }
                try window.resize(columns: 40, rows: 8)
                try window.wait("a narrow list") { !$0[0].contains("MEMORY") && $0[2].hasPrefix("web-1") }
                try window.press("q")
                try window.wait("the end") { $0.contains("ended 0") }
            }
        }

        private struct Listed: Decodable {
            struct Machine: Decodable { let domain: String }
            let machines: [Machine]
        }

        private struct Shown: Decodable {
            struct Direction: Decodable {
                let libvirtBytes, packets, frameBytes: UInt64
                let differenceBytes: Int64
            }
            struct Comparison: Decodable { let ingress, egress: Direction }
            struct Peers: Decodable {
                struct Group: Decodable {
                    let `protocol`: Int
                    let dstaddr: String
                    let packets: UInt64
                }
                let groups: [Group]
            }
            let comparison: [Comparison]
            let peers: Peers
        }
    }
}
