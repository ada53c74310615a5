// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowKernel
import FlowModel
import FlowTestKit
import Foundation
import Host
import LiveStatus
import OpenVSwitch
import Testing

extension Site {
    /// Makes a site for the body whose ports are on the bridge `br0` of an Open vSwitch, if it has one: guest `a` behind
    /// `port-a`, guest `b` behind `port-b`.
    static func withSwitch(
        on datapath: OpenVSwitch.Datapath = .userspace, _ body: (Site, OpenVSwitch) throws -> Void
    ) throws {
        try with(isBridged: false) { site in
            let vSwitch = try OpenVSwitch(in: site.hub)
            defer { vSwitch.close() }
            try vSwitch.addBridge("br0", on: datapath)
            try body(site, vSwitch)
        }
    }

    /// Has the switch use both ports, with what OpenStack notes of them.
    func addPorts(to vSwitch: OpenVSwitch) throws {
        for name in ["a", "b"] { try addPort(name, to: vSwitch) }
    }

    func addPort(_ name: String, to vSwitch: OpenVSwitch) throws {
        try vSwitch.addPort(
            "port-\(name)", to: "br0", externalIDs: ["iface-id": "eni-\(name)", "vm-uuid": "i-\(name)"])
    }

    /// Starts `weir run` with windows of a second and JSON lines in the log directory.
    func daemon(following vSwitch: OpenVSwitch, _ arguments: String...) throws -> ChildProcess {
        try daemon(Self.words(following: vSwitch, logs) + arguments)
    }

    static func words(following vSwitch: OpenVSwitch, _ logs: String) -> [String] {
        ["--ovs", "--ovs-rundir", vSwitch.runDirectory, "--interval", "1", "--log-dir", logs, "--format", "json"]
    }

    /// What TC is on this kernel: links since 6.6, filters of the clsact qdisc before.
    static var tcHook: String {
        get throws { try #require(KernelVersion.running) < KernelVersion(6, 6) ? "clsact" : "tcx" }
    }

    /// Waits until exactly these ports are attached.
    func waitForPorts(_ names: [String], within limit: Duration = .seconds(20)) throws {
        var found: [String] = []
        do {
            try waitUntil("the ports are \(names)", within: limit) {
                found = try status().ports.filter { $0.state == "attached" }.map(\.name).sorted()
                return found == names.sorted()
            }
        } catch {
            throw WrongPorts(found: found, expected: names)
        }
    }

    struct WrongPorts: Error {
        let found: [String]
        let expected: [String]
    }

    func waitForSwitch(connected: Bool) throws {
        try waitUntil("the switch is \(connected ? "" : "not ")followed") {
            try status().daemon?.ovs?.isConnected == connected
        }
    }

    /// All lines of flows that are published.
    func jsonLines() throws -> [LogLine] { try logFiles().flatMap { try LogLines.json(try unpacked($0)) } }

    /// What was expected of ports, as lines name them by the switch's words.
    static func byInterfaceID(_ expected: [LoggedFlow: PacketCount]) -> [LoggedFlow: PacketCount] {
        var renamed: [LoggedFlow: PacketCount] = [:]
        for (flow, count) in expected {
            var flow = flow
            flow.port.replace("port-", with: "eni-")
            renamed[flow] = count
        }
        return renamed
    }

    /// Programs on an interface, as bpftool shows them.
    func programs(on interface: String) throws -> String {
        try hub.run(["bpftool", "net", "show", "dev", interface]).split(separator: "\n")
            .filter { $0.contains("weir") || $0.contains("prog_id") }.joined(separator: "\n")
    }
}
