// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import OpenVSwitch
import Testing

extension WeirCommandSuite {
    /// What `weir run --ovs` says became of packets, by a real Open vSwitch.
    @Suite struct SwitchVerdictTests {
        /// How frames get into the switch.
        enum Way: String, CustomTestStringConvertible, CaseIterable {
            case afxdp, system, module

            var testDescription: String { rawValue }
        }

        /// On the kernel that has the module only that, and fewer: it is emulated.
        static let ways: [Way] = KernelAccess.isSecondKernel ? [.module] : [.afxdp, .system]
        private static let connectionsOfEach = KernelAccess.isSecondKernel ? 20 : 100

        @Test(arguments: ways)
        func `each connection has the action and the rule that it met`(way: Way) throws {
            try Self.withSwitch(way) { site, vSwitch in
                let daemon = try Self.daemon(site, vSwitch)
                let traffic = try AccessListTraffic(site, ofEach: Self.connectionsOfEach)
                // The witnesses agree with the script.
                #expect(traffic.arrived == Set(traffic.expected.filter { $0.value.isAccepted }.keys))
                #expect(traffic.served == traffic.whole)
                #expect(daemon.stop().status == 0, "\(daemon.errors)")
                try Self.check(site, traffic, sources: ["ovs-megaflow"])
            }
        }

        /// A megaflow that is gone before anybody looks: the switch is asked.
        @Test func `what was there too short to be seen is asked for`() throws {
            try Self.withSwitch(.system) { site, vSwitch in
                try vSwitch.vsctl("set open_vswitch . other_config:max-idle=100")
                let daemon = try Self.daemon(site, vSwitch)
                let traffic = try AccessListTraffic(site, ofEach: 12)
                try waitUntil("the megaflows are gone") {
                    try !vSwitch.appctl("dpctl/dump-flows", "--names").contains("in_port(port-a)")
                }
                let report = try #require(try site.status().daemon?.ovs?.megaflows)
                #expect(report.failure == nil && report.polls >= 1)
                #expect(daemon.stop().status == 0, "\(daemon.errors)")
                try Self.check(site, traffic, sources: ["ovs-trace", "ovs-megaflow"])
                #expect(try site.jsonLines().contains { $0["verdict-source"] == "ovs-trace" })
            }
        }

        @Test func `a rule that changes makes what met both mixed, and nothing else`() throws {
            try Self.withSwitch(.system) { site, vSwitch in
                let daemon = try Self.daemon(site, vSwitch)
                let sender = try SingleSegments(site)
                try sender.send(to: [1088, 1089])
                try Self.waitForReport(site) { $0.polls }
                let before = try site.status().daemon?.ovs?.megaflows?.changes ?? 0
                try Self.setRules(
                    vSwitch,
                    AccessListTraffic.rules.replacing("0x440/0xffc0,actions=drop", with: "0x440/0xffc0,actions=normal"))
                try Self.waitForReport(site, beyond: before) { $0.changes }
                try sender.send(to: [1088, 1090])
                #expect(daemon.stop().status == 0, "\(daemon.errors)")
                var actions: [String: [String?]] = [:]
                for line in try site.jsonLines() where line["port"] == "port-a" && line["dstaddr"] == "10.9.0.2" {
                    actions[line["dstport"] ?? "", default: []].append(line["action"] ?? line["mixed-verdicts"])
                }
                #expect(actions["1089"] == ["REJECT"] && actions["1090"] == ["ACCEPT"])
                // The hour may have ended between.
                #expect(
                    actions["1088"] == ["true"] || actions["1088"] == ["1"] || actions["1088"]?.count == 2, "\(actions)"
                )
            }
        }

        // MARK: The switch

        static func withSwitch(_ way: Way, _ body: (Site, OpenVSwitch) throws -> Void) throws {
            try Site.withSwitch(on: way == .module ? .kernel : .userspace) { site, vSwitch in
                for (end, port) in [(site.left, "port-a"), (site.right, "port-b")] {
                    try end.disableOffloads(on: "eth0")
                    try site.hub.disableOffloads(on: port)
                    try vSwitch.addPort(port, to: "br0", as: way == .afxdp ? .afxdp(.generic) : .system)
                }
                try setRules(vSwitch, AccessListTraffic.rules)
                try site.write(
                    "account-id: 123456789012\nregion: local-1\npublish-period: 1s\novs-trace-rate: 500\n",
                    to: "weir.yaml")
                try body(site, vSwitch)
            }
        }

        static func setRules(_ vSwitch: OpenVSwitch, _ rules: String) throws {
            let file = vSwitch.path("rules")
            try Data(rules.utf8).write(to: URL(filePath: file))
            try ChildProcess.run(["ovs-ofctl", "--bundle", "replace-flows", vSwitch.path("br0.mgmt"), file])
        }

        /// One window that ends with the daemon.
        static func daemon(_ site: Site, _ vSwitch: OpenVSwitch) throws -> ChildProcess {
            let daemon = try site.daemon([
                "--ovs", "--ovs-rundir", vSwitch.runDirectory, "--interval", "3600", "--log-dir", site.logs, "--format",
                "json",
            ])
            try site.waitForPorts(["port-a", "port-b"])
            // The switch learns where they are.
            var traffic = Traffic()
            try traffic.pingUntilAnswered(site)
            // What was done to it just now counts as a change from before to after.
            try waitUntil("the switch is known to be at rest: \(daemon.errors)") {
                guard let report = try site.status().daemon?.ovs?.megaflows, let since = report.calmSince else {
                    return false
                }
                return report.knownUntil.map { $0 > since } ?? false
            }
            return daemon
        }

        /// Waits until a count is higher than that, or has grown twice: a status may be a second old, and the first look since then may
        /// have been before now.
        static func waitForReport(
            _ site: Site, beyond before: UInt64? = nil, _ count: (MegaflowReport) -> UInt64
        ) throws {
            func now() throws -> UInt64 { try site.status().daemon?.ovs?.megaflows.map(count) ?? 0 }
            let before = try before ?? now() + 1
            try waitUntil("the switch is looked at") { try now() > before }
        }

        /// Compares what is logged of each connection with what the script knows of it, and with the witnesses.
        private static func check(_ site: Site, _ traffic: AccessListTraffic, sources: Set<String>) throws {
            var found: Set<AccessListTraffic.Connection> = []
            var wrong: [LogLine] = []
            for line in try site.jsonLines() where line["log-status"] == "OK" && line["protocol"] == "6" {
                guard line["port"] == "port-a", line["srcaddr"] == "\(Site.addresses[0].left)" else {
                    // Answers, all of which are let through, and what was seen at the other end. Where conntrack decided, of which
                    // the switch knows nothing when it is asked, that is not known.
                    let isOpen = sources.contains("ovs-trace") && line["action"] == nil
                    if line["action"] != "ACCEPT", !isOpen { wrong.append(line) }
                    continue
                }
                let connection = AccessListTraffic.Connection(
                    sourcePort: UInt16(try LogLines.number(line, "srcport")),
                    destinationPort: UInt16(try LogLines.number(line, "dstport")))
                let group = try #require(traffic.expected[connection], "\(line)")
                // Where an hour ends in a connection, its rest is of what is established.
                let isFirst = found.insert(connection).inserted
                if line["action"] != (group.isAccepted ? "ACCEPT" : "REJECT") || isFirst && line["rule"] != group.rule
                    || line["verdict-source"].map({ sources.contains($0) }) != true
                {
                    wrong.append(line)
                }
            }
            #expect(wrong.isEmpty, "\(wrong.count), such as \(wrong.prefix(2))")
            #expect(found == Set(traffic.expected.keys))
        }
    }
}

/// Segments with SYN alone, each to its port.
private struct SingleSegments {
    private let injector: FrameInjector
    private let link: Layer

    init(_ site: Site) throws {
        injector = try FrameInjector(on: "eth0", in: site.left)
        link = Layer.ethernet(from: try site.left.macAddress(of: "eth0"), to: try site.right.macAddress(of: "eth0"))
    }

    func send(to ports: [UInt16]) throws {
        for port in ports {
            let layers: [Layer] = [
                link, .ipv4(from: Site.addresses[0].left, to: Site.addresses[0].right),
                .tcp(from: 30_000, to: port, flags: [.syn]),
            ]
            try injector.send(Frame(layers).bytes)
        }
    }
}
