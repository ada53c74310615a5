// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import OpenVSwitch
import Testing

extension WeirCommandSuite {
    /// Two guests of a real Open vSwitch that reads them by AF_XDP: on this kernel nobody sees what is sent to them.
    @Suite struct StandInTests {
        private func addPorts(_ site: Site, _ vSwitch: OpenVSwitch) throws {
            for (name, end) in [("a", site.left), ("b", site.right)] {
                try end.disableOffloads(on: "eth0")
                let address = try end.macAddress(of: "eth0")
                try vSwitch.addPort(
                    "port-\(name)", to: "br0", as: .afxdp(.native),
                    externalIDs: ["iface-id": "eni-\(name)", "attached-mac": "\(address)"])
            }
            try site.waitForPorts(["port-a", "port-b"])
        }

        @Test func `both directions of both guests are in the log, and what stands in says so`() throws {
            try Site.withSwitch { site, vSwitch in
                let daemon = try site.daemon(following: vSwitch, "--ovs-stand-in")
                try addPorts(site, vSwitch)
                var traffic = Traffic()
                try traffic.pingUntilAnswered(site)
                try traffic.ping(site)
                try traffic.send(site, datagrams: 40, of: 20)
                for _ in 0..<2 { try site.waitForWindow() }
                let report = try #require(try site.status().daemon?.ovs)
                #expect(report.standIns == ["port-a", "port-b"] && report.standInsLack == [])
                #expect(try site.weir("status").contains("; records stand in at port-a, port-b"))
                #expect(try site.status().daemon?.windows.violations == 0)
                #expect(daemon.stop().status == 0)

                let lines = try site.jsonLines()
                #expect(try LogLines.sums(lines) == Site.byInterfaceID(traffic.expected))
                for line in lines where line["log-status"] == "OK" {
                    let other = line["port"] == "port-a" ? "port-b" : "port-a"
                    #expect(line["observed-at"] == (line["flow-direction"] == "ingress" ? other : nil), "\(line)")
                    #expect(line["verdict-source"] == nil, "nobody saw it delivered: \(line)")
                }
            }
        }

        @Test func `with a port on the bridge that is not measured none stands in, and status says which it is`() throws
        {
            try Site.withSwitch { site, vSwitch in
                try site.write(
                    """
                    publish-period: 1s
                    ports: [{match: port-idle, measure: false}]

                    """, to: "weir.yaml")
                try vSwitch.addPort("port-idle", to: "br0")
                let daemon = try site.daemon(following: vSwitch, "--ovs-stand-in")
                try addPorts(site, vSwitch)
                var traffic = Traffic()
                try traffic.pingUntilAnswered(site)
                try traffic.ping(site)
                try site.waitForWindow()
                #expect(
                    try site.weir("status").contains("for records to stand in, port-idle would have to be measured"))
                #expect(daemon.stop().status == 0)
                let lines = try site.jsonLines()
                #expect(lines.allSatisfy { $0["observed-at"] == nil })
                #expect(try LogLines.sums(lines) == Site.byInterfaceID(traffic.expected).filter(Self.isFromOwner))
            }
        }

        private static func isFromOwner(_ entry: (key: LoggedFlow, value: PacketCount)) -> Bool {
            let owners = entry.key.port == "eni-a" ? ["10.9.0.1", "fd09::1"] : ["10.9.0.2", "fd09::2"]
            return owners.contains(entry.key.source)
        }

        @Test func `a format without a place for the mark is refused`() throws {
            try Site.with { site in
                let refused = try site.outcome("run", "--ovs-stand-in", "--stdout")
                #expect(refused.status == 2)
                #expect(
                    refused.errors.contains(
                        "ovs-stand-in needs the format json: lines of AWS have no field that marks a record which stands in"
                    ), "\(refused.errors)")
            }
        }
    }
}
