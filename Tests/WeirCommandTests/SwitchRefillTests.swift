// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowTestKit
import Foundation
import LiveStatus
import OpenVSwitch
import Testing

extension WeirCommandSuite {
    @Suite struct SwitchRefillTests {
        private static let taps = (0..<200).map { "tap\($0)" }
        /// `WEIR_SWITCH_ROUNDS=10` is the whole of it.
        private static let rounds =
            ProcessInfo.processInfo.environment["WEIR_SWITCH_ROUNDS"].flatMap { Int($0) } ?? 2

        @Test
        func `a switch is killed and comes back with two hundred ports, again and again, and nothing is left over`()
            throws
        {
            try Site.withSwitch { site, vSwitch in
                let links = Self.taps.map { "tuntap add \($0) mode tap\nlink set \($0) up\n" }.joined()
                try site.write(links, to: "links")
                try site.hub.ip("-batch \(site.path("links"))")
                let daemon = try site.daemon(following: vSwitch)
                try fill(vSwitch, with: Self.taps)
                try site.waitForPorts(Self.taps, within: .seconds(60))
                let before = try descriptors(of: daemon)
                for round in 0..<Self.rounds {
                    try vSwitch.killDaemon()
                    try vSwitch.killDatabase()
                    try vSwitch.makeDatabase()
                    try vSwitch.startDatabase()
                    try vSwitch.startDaemon()
                    try vSwitch.addBridge("br0")
                    // Not the same ports each time.
                    let some = Self.taps.filter { $0 != "tap\(round)" }
                    try fill(vSwitch, with: some)
                    try site.waitForPorts(some, within: .seconds(60))
                    // What was released stays until its window is safe, and what the daemon says is of the last second.
                    try waitUntil("only these ports have pins") { try portPins(site).count == 4 * some.count }
                    try waitUntil("the daemon says so") {
                        try site.status().daemon?.ovs?.guestPorts == some.count
                    }
                }
                try vSwitch.vsctl("del-br br0")
                try site.waitForPorts([], within: .seconds(60))
                try waitUntil("the ports are forgotten") { try site.status().ports.isEmpty }
                try waitUntil("no pin is left") { try portPins(site) == [] }
                #expect(try site.hub.run(["bpftool", "net", "show"]).contains("weir") == false)
                // Files of the window that is being written come and go.
                try waitUntil("no descriptor is left") { try descriptors(of: daemon) <= before }
                let report = try #require(try site.status().daemon)
                #expect(report.windows.violations == 0 && report.ovs?.reconnects ?? 0 >= UInt64(Self.rounds))
                let result = daemon.stop()
                #expect(result.status == 0 && !result.errors.contains(" error "), "\(result.errors.suffix(2000))")
            }
        }

        /// In one transaction, as a switch finds its ports when it starts.
        private func fill(_ vSwitch: OpenVSwitch, with names: [String]) throws {
            try vSwitch.vsctl(
                ["--no-wait"]
                    + names.flatMap { name in
                        ["--", "add-port", "br0", name]
                            + OpenVSwitch.settings(name, .system, ["iface-id": "eni-\(name)"])
                    })
        }

        private func descriptors(of daemon: ChildProcess) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.pid)/fd").count
        }

        /// Links, totals and fragments of ports. They go while they are listed, of which find complains.
        private func portPins(_ site: Site) throws -> [String] {
            try ChildProcess.outcome(of: ["find", site.bpffs, "-mindepth", "4"]).output
                .split(separator: "\n").map(String.init)
        }
    }
}
