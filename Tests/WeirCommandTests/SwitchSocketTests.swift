// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowTestKit
import Foundation
import LiveStatus
import OpenVSwitch
import Testing

extension WeirCommandSuite {
    @Suite struct SwitchSocketTests {
        @Test func `the switch's control socket is found with and without a pid file, and by its name`() throws {
            try Site.withSwitch { site, vSwitch in
                let pid = try #require(vSwitch.daemonPID)
                let path = vSwitch.path("ovs-vswitchd.\(pid).ctl")
                let find = { try SwitchSocket.find(in: vSwitch.runDirectory) }
                #expect(try find().pid == pid && find().path == path)
                // What a process that was killed leaves: a socket on which nobody listens, and a pid file.
                try ChildProcess.run(
                    [
                        "/usr/bin/python3", "-c",
                        "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])",
                        vSwitch.path("ovs-vswitchd.1.ctl"),
                    ])
                try Data("1\n".utf8).write(to: URL(filePath: vSwitch.path("ovs-vswitchd.pid")))
                #expect(try find().pid == pid && find().path == path)
                try FileManager.default.removeItem(atPath: vSwitch.path("ovs-vswitchd.pid"))
                #expect(try find().pid == pid && find().path == path)

                // Elsewhere, under another name: by the option alone.
                let elsewhere = site.path("switch.ctl")
                try FileManager.default.moveItem(atPath: path, toPath: elsewhere)
                let error = #expect(throws: UnixctlFailure.self) { try find() }
                #expect(
                    error?.description == """
                        no ovs-vswitchd.*.ctl in \(vSwitch.runDirectory) takes a connection; start it, or name its control \
                        socket with --ovs-control
                        """)
                try site.addPorts(to: vSwitch)
                let daemon = try site.daemon(following: vSwitch, "--ovs-control", elsewhere)
                try waitUntil("its megaflows are looked at: \(daemon.errors)") {
                    let report = try site.status().daemon?.ovs?.megaflows
                    return report.map { $0.polls > 0 && $0.failure == nil } ?? false
                }
                #expect(daemon.stop().status == 0)
            }
        }
    }
}
