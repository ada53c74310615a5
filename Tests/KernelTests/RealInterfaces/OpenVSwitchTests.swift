// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension RealInterfaces {
    /// A switch of a test's own.
    @Suite struct OpenVSwitchTests {
        /// Two guests behind a bridge.
        private struct Site {
            let hub: NetworkNamespace
            let guests: [NetworkNamespace]
            let vSwitch: OpenVSwitch

            init(_ type: OpenVSwitch.PortType) throws {
                hub = try NetworkNamespace("hub")
                guests = [try NetworkNamespace("left"), try NetworkNamespace("right")]
                for (number, guest) in guests.enumerated() {
                    try hub.addPair("port\(number)", to: guest, "eth0")
                    try guest.disableOffloads(on: "eth0")
                    try guest.addAddress("10.9.0.\(number + 1)/24", to: "eth0")
                }
                // While the switch is away nobody would answer who asks.
                for (number, guest) in guests.enumerated() {
                    let peer = try guests[1 - number].macAddress(of: "eth0")
                    try guest.addNeighbour("10.9.0.\(2 - number)", at: peer, on: "eth0")
                }
                vSwitch = try OpenVSwitch(in: hub)
                try vSwitch.addBridge("br0")
                for number in guests.indices { try vSwitch.addPort("port\(number)", to: "br0", as: type) }
            }

            func close() throws {
                vSwitch.close()
                for namespace in guests + [hub] { try namespace.close() }
            }

            /// What ping says of requests sent and answered.
            func ping(_ count: Int) throws -> String {
                let command = ["ping", "-c", "\(count)", "-i", "0.02", "-W", "2", "10.9.0.2"]
                let lines = try guests[0].outcome(of: command).output.split(separator: "\n")
                return lines.filter { $0.contains("transmitted") }.joined()
            }

            func expectToForward() throws {
                let summary = try ping(20)
                #expect(summary.hasPrefix("20 packets transmitted, 20 received, "), "\(summary)\n\(vSwitch.log)")
            }
        }

        @Test(arguments: [OpenVSwitch.PortType.system, .afxdp(.native), .afxdp(.generic), .afxdp(.bestEffort)])
        func guests_reach_each_other_through_it(type: OpenVSwitch.PortType) throws {
            let site = try Site(type)
            try site.expectToForward()
            try site.close()
        }

        @Test func it_is_itself_again_after_its_end() throws {
            let site = try Site(.afxdp(.native))
            try site.vSwitch.exitDaemon()
            #expect(try site.ping(1).contains("1 packets transmitted, 0 received"))
            try site.vSwitch.startDaemon()
            try site.expectToForward()

            try site.vSwitch.killDaemon()
            try site.vSwitch.killDatabase()
            try site.vSwitch.startDatabase()
            try site.vSwitch.startDaemon()
            try site.expectToForward()
            try site.close()
        }

        @Test func nothing_is_left_of_it() throws {
            let site = try Site(.system)
            let pids = [try #require(site.vSwitch.daemonPID), try #require(site.vSwitch.databasePID)]
            let folder = site.vSwitch.runDirectory
            #expect(try String(contentsOfFile: "\(folder)/ovs-vswitchd.pid", encoding: .utf8) == "\(pids[0])\n")
            try site.close()
            for pid in pids { #expect(!FileManager.default.fileExists(atPath: "/proc/\(pid)")) }
            #expect(!FileManager.default.fileExists(atPath: folder))
        }

        @Test func what_the_switch_cannot_open_is_an_error() throws {
            let site = try Site(.system)
            #expect(throws: ChildProcess.Failure.self) { try site.vSwitch.addPort("no-such", to: "br0") }
            try site.close()
        }
    }
}
