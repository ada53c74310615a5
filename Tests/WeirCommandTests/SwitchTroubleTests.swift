// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import OpenVSwitch
import Testing

extension WeirCommandSuite {
    /// A switch that is away, comes back, or is none.
    @Suite struct SwitchTroubleTests {
        private static func count(_ text: String, in log: String) -> Int { log.components(separatedBy: text).count - 1 }

        @Test func `while the switch is dead its ports go on counting, and it is followed again when it lives`() throws
        {
            try Site.withSwitch { site, vSwitch in
                try site.addPorts(to: vSwitch)
                let daemon = try site.daemon(following: vSwitch)
                try site.waitForPorts(["port-a", "port-b"])
                let numbers = try site.status().ports.map(\.number)
                try vSwitch.killDaemon()
                try vSwitch.killDatabase()
                try site.waitForSwitch(connected: false)
                // Nobody forwards: only the port that they come from sees them.
                var traffic = Traffic()
                try traffic.send(site, datagrams: 50, of: 30)
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(try site.status().ports.map(\.number) == numbers)
                try vSwitch.startDatabase()
                try vSwitch.startDaemon()
                try site.waitForSwitch(connected: true)
                #expect(try site.status().daemon?.ovs?.reconnects == 1)
                // It follows again: a port that goes and one that comes.
                try vSwitch.deletePort("port-b", from: "br0")
                try site.waitForPorts(["port-a"])
                try vSwitch.addPort("port-idle", to: "br0")
                try site.waitForPorts(["port-a", "port-idle"])
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.jsonLines()) == Site.byInterfaceID(traffic.expected(of: "port-a")))
                #expect(Self.count("cannot follow Open vSwitch", in: daemon.errors) <= 2, "\(daemon.errors)")
            }
        }

        @Test func `a switch that is not there yet is said once, and its ports are measured when it comes`() throws {
            try Site.with(isBridged: false) { site in
                let nowhere = site.path("ovs")
                let daemon = try site.daemon(
                    "--ovs", "--ovs-rundir", nowhere, "--interval", "1", "--log-dir", site.logs)
                #expect(
                    daemon.errors.contains(
                        "cannot follow Open vSwitch on \(nowhere)/db.sock: no such file or directory; start it, or name its run "
                            + "directory with --ovs-rundir; measuring goes on with what is attached, and it is tried again"
                    ))
                let vSwitch = try OpenVSwitch(in: site.hub)
                defer { vSwitch.close() }
                try vSwitch.addBridge("br0")
                try site.addPort("a", to: vSwitch)
                try FileManager.default.createSymbolicLink(atPath: nowhere, withDestinationPath: vSwitch.runDirectory)
                try site.waitForPorts(["port-a"])
                #expect(daemon.stop().status == 0)
                #expect(Self.count("cannot follow Open vSwitch", in: daemon.errors) == 1)
                #expect(
                    daemon.errors.contains("following Open vSwitch on \(nowhere)/db.sock: 1 port of guests on br0"))
            }
        }

        /// Says something to whoever connects, and goes.
        private static let liar = """
            import socket, sys, time
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(sys.argv[1])
            listener.listen(8)
            words = [b"nonsense", b"{" * 100000, b'{"id":"weir-list","result":7,"error":null}',
                b'{"id":"weir-list","result":null,"error":{"error":"unknown database"}}']
            said = 0
            while True:
                connection, _ = listener.accept()
                try:
                    connection.sendall(words[said % len(words)])
                    said += 1
                    print(said, flush=True)
                    time.sleep(0.05)
                    connection.close()
                except OSError:
                    pass
            """

        @Test func `a switch that speaks nonsense is said and tried again, and changes nothing`() throws {
            try Site.withSwitch { site, vSwitch in
                try site.addPort("a", to: vSwitch)
                let daemon = try site.daemon(following: vSwitch)
                try site.waitForPorts(["port-a"])
                let number = try site.status().ports.map(\.number)
                try vSwitch.killDaemon()
                try vSwitch.killDatabase()
                try? FileManager.default.removeItem(atPath: vSwitch.databaseSocket)
                let liar = try ChildProcess(["python3", "-c", Self.liar, vSwitch.databaseSocket])
                try waitUntil("it has said all: \(liar.errors)", within: .seconds(60)) {
                    Int(liar.output.split(separator: "\n").last ?? "") ?? 0 >= 5
                }
                try waitUntil("the last is said") {
                    daemon.errors.contains(#"it refuses what is asked: "unknown database""#)
                }
                #expect(try site.status().ports.map(\.number) == number)
                for sentence in ["something that is no JSON object", "an update that is no object"] {
                    #expect(Self.count("it speaks nonsense: \(sentence);", in: daemon.errors) == 1)
                }
                liar.stop(SIGKILL)
                try? FileManager.default.removeItem(atPath: vSwitch.databaseSocket)
                try vSwitch.startDatabase()
                try site.waitForSwitch(connected: true)
                #expect(try site.status().ports.map(\.number) == number)
                #expect(daemon.stop().status == 0)
            }
        }

        @Test func `the next daemon knows names without the switch, and releases what it has given up meanwhile`()
            throws
        {
            try Site.withSwitch { site, vSwitch in
                try site.addPorts(to: vSwitch)
                let first = try site.daemon(following: vSwitch)
                try site.waitForPorts(["port-a", "port-b"])
                #expect(try site.weir("attach", "port-idle").contains("port-idle: attached"))
                first.stop(SIGKILL)
                try vSwitch.killDatabase()
                var traffic = Traffic()
                try traffic.send(site, datagrams: 30, of: 10)
                let second = try site.daemon(following: vSwitch)
                try site.waitForWindow()
                #expect(second.stop().status == 0)
                let lines = try site.jsonLines()
                let expected = Site.byInterfaceID(traffic.expected).filter { $0.key.port == "eni-a" }
                #expect(try LogLines.sums(lines).filter { $0.key.port != "eni-b" } == expected)
                #expect(!lines.contains { $0["interface-id"]?.hasPrefix("port-") == true && $0["port"] != "port-idle" })

                try vSwitch.startDatabase()
                try vSwitch.deletePort("port-b", from: "br0")
                let third = try site.daemon(following: vSwitch)
                try site.waitForPorts(["port-a", "port-idle"])
                #expect(third.stop().status == 0)
            }
        }
    }
}
