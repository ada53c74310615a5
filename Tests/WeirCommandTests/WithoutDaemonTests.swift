// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    @Suite struct WithoutDaemonTests {
        @Test func `attach, dump, status and detach work, and leave nothing`() throws {
            try Site.with { site in
                let before = try site.traces()
                #expect(
                    try site.weir("attach", "port-a", "port-b") == """
                        port-a: attached as port 1, from tcx, to tcx
                        port-b: attached as port 2, from tcx, to tcx

                        """)
                var traffic = Traffic()
                try traffic.ping(site)
                try traffic.send(site, datagrams: 40, of: 60)
                try checkDump(site, traffic)
                try checkStatus(site)
                // There 88 frames and back 8.
                #expect(
                    try site.weir("detach", "port-a")
                        == "port-a: detached port 1 (from tcx, to tcx); 96 packets wait for a daemon\n")
                #expect(
                    try site.status().ports.map { "\($0.name) \($0.state)" } == ["port-a closing", "port-b attached"])
                #expect(
                    try site.weir("detach", "--all")
                        == "port-b: detached port 2 (from tcx, to tcx); 96 packets of the open window are in no record\n"
                )
                #expect(try site.traces() == before)
                #expect(try site.isClean())
            }
        }

        private func checkDump(_ site: Site, _ traffic: Traffic) throws {
            #expect(try LogLines.sums(try LogLines.aws(try site.weir("dump", "--format", "aws"))) == traffic.expected)
            #expect(try LogLines.sums(try LogLines.json(try site.weir("dump", "--json"))) == traffic.expected)
            let one = try LogLines.json(try site.weir("dump", "port-b", "--format", "json"))
            #expect(try LogLines.sums(one) == traffic.expected(of: "port-b"))
            #expect(one.allSatisfy { $0["flow-end-reason"] == nil })
            let table = try site.weir("dump").split(separator: "\n")
            let words = table.map { $0.split(separator: " ").joined(separator: " ") }
            #expect(words.first == "PORT DIR PROTO SOURCE DESTINATION PACKETS OCTETS FLAGS TIME VERDICT")
            #expect(table.count == 1 + traffic.expected.count)
            #expect(words.contains { $0.hasPrefix("port-a out udp 10.9.0.1:4000 → 10.9.7.7:53 40 3.5 kB -") })
            #expect(
                words.contains {
                    $0.hasPrefix("port-b in icmpv6 fd09::1 → fd09::2 4 416 B 128/0") && $0.hasSuffix("accept")
                })
        }

        private func checkStatus(_ site: Site) throws {
            let status = try site.status()
            #expect(status.measuredBy == nil && status.daemon == nil)
            #expect(status.window?.number == 1 && status.window?.closes == nil)
            // Pings of both versions both ways, UDP of both versions one way.
            #expect(status.table?.flows == 2 * (4 + 2))
            #expect(status.table?.flowBudget == 262_144)
            let there = PacketCount(packets: 8 + 80, octets: 4 * 84 + 4 * 104 + 40 * 88 + 40 * 108)
            let back = PacketCount(packets: 8, octets: 4 * 84 + 4 * 104)
            for port in status.ports {
                let (fromLeft, fromRight) =
                    port.name == "port-a" ? (port.egress, port.ingress) : (port.ingress, port.egress)
                for (totals, count) in [(fromLeft, there), (fromRight, back)] {
                    #expect([totals.seen.count, totals.ip.count] == [count, count])
                    let rest = [totals.overflow, totals.notIP, totals.malformed, totals.truncated]
                    #expect(rest.allSatisfy { $0.count.isZero })
                }
            }
            let text = try site.weir("status")
            #expect(text.hasPrefix("daemon    none: counting goes on in the open window; start one with weir run\n"))
        }

        @Test func `JSON has the names that are documented`() throws {
            try Site.with { site in
                try site.weir("attach", "port-a", "--hook", "xdp", "--xdp-mode", "generic", "--role", "uplink")
                let object = try JSONSerialization.jsonObject(with: Data(try site.weir("status", "--json").utf8))
                let status = try #require(object as? [String: Any])
                #expect(Set(status.keys) == ["bpffs", "table", "window", "ports"])
                let port = try #require((status["ports"] as? [[String: Any]])?.first)
                #expect(
                    Set(port.keys) == [
                        "name", "number", "role", "from_hook", "to_hook", "xdp_mode", "state", "limits", "ingress",
                        "egress",
                    ])
                #expect(port["from_hook"] as? String == "xdp" && port["to_hook"] as? String == "tcx")
                #expect(port["xdp_mode"] as? String == "generic" && port["role"] as? String == "uplink")
                #expect(port["limits"] as? [String] == ["a GSO super-frame from the port counts as one packet"])
            }
        }

        @Test func `attaching and detaching the last port from two sides at once fails for nobody`() throws {
            try Site.with { site in
                let loop = "for turn in $(seq 15); do \"$0\" attach $1 >/dev/null && \"$0\" detach $1 || exit; done"
                let sides = try ["port-a", "port-b"].map { port in
                    try ChildProcess(
                        ["nsenter", "--net=\(site.hub.path)", "sh", "-c", loop, Site.binary, port],
                        environment: site.environment)
                }
                for side in sides {
                    let result = try side.wait(within: .seconds(60))
                    #expect(result.errors == "" && result.status == 0)
                }
                #expect(try site.isClean())
            }
        }

        @Test func `with nothing attached, status says so and dump says what to do`() throws {
            try Site.with { site in
                #expect(try site.weir("status") == "Nothing is attached under \(site.bpffs).\n")
                let dump = try site.outcome("dump")
                #expect(dump.status == 1)
                #expect(
                    dump.errors == """
                        weir: cannot show flows: nothing is attached under \(site.bpffs); attach a port (weir attach PORT), \
                        or name another directory (--bpffs)

                        """)
                #expect(try site.outcome("detach", "--all").status == 0)
                #expect(try site.isClean())
            }
        }
    }
}

extension StatusReport.Count {
    fileprivate var count: PacketCount { PacketCount(packets: packets, octets: bytes) }
}
