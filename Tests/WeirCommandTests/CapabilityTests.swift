// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// What the daemon may do once it has begun, thread by thread.
    @Suite struct CapabilityTests {
        private static let kept = "000000c000001000"
        private static let none = "0000000000000000"

        /// The meter's thread, and the one that attaches ports.
        private static let keepers = ["weir-meter", "weir-ports"]

        /// The fields of proc(5), status, of every thread.
        private func threads(of process: ChildProcess) throws -> [[String: String]] {
            let folder = "/proc/\(process.pid)/task"
            return try FileManager.default.contentsOfDirectory(atPath: folder).map { thread in
                let text = try String(contentsOfFile: "\(folder)/\(thread)/status", encoding: .utf8)
                return Dictionary(
                    text.split(separator: "\n").compactMap { line in
                        let parts = line.split(separator: ":\t", maxSplits: 1).map(String.init)
                        return parts.count == 2 ? (parts[0], parts[1]) : nil
                    }, uniquingKeysWith: { $1 })
            }
        }

        private func expectLeastPrivilege(_ daemon: ChildProcess) throws {
            let threads = try threads(of: daemon)
            for thread in threads {
                let isKeeper = Self.keepers.contains(thread["Name"] ?? "")
                #expect(thread["CapPrm"] == (isKeeper ? Self.kept : Self.none), "\(thread["Name"] ?? "")")
                #expect(thread["CapInh"] == Self.none && thread["CapAmb"] == Self.none)
                #expect(thread["CapBnd"] == Self.kept && thread["NoNewPrivs"] == "1")
            }
            for keeper in Self.keepers { #expect(threads.count { $0["Name"] == keeper } == 1, "\(keeper)") }
            // In force only for a moment at a time: while the programs of a port are loaded and attached.
            try waitUntil("nothing is in force") {
                try self.threads(of: daemon).allSatisfy { $0["CapEff"] == Self.none }
            }
        }

        @Test func `two threads of a daemon that root started keep three capabilities, and none in force`() throws {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--port", "late*", "--interval", "1", "--log-dir", site.logs)
                try expectLeastPrivilege(daemon)
                var traffic = Traffic()
                try traffic.send(site, datagrams: 40, of: 40)
                try site.waitForWindow()
                // What takes capabilities still works after they were given up, and they are given back again.
                try site.left.addPair("eth2", to: site.hub, "late0")
                try waitUntil("late0 is attached") { try site.status().ports.contains { $0.name == "late0" } }
                try site.hub.delete("late0")
                try site.waitForWindow()
                try expectLeastPrivilege(daemon)
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
            }
        }

        @Test(arguments: [[], ["setpriv", "--bounding-set=-all,+bpf,+net_admin,+perfmon", "--inh-caps=-all"]])
        func `with no more than three capabilities the daemon does all that it does`(wrapper: [String]) throws {
            try Site.with { site in
                let daemon = try ChildProcess(
                    site.command(
                        ["run", "--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs, "--detach-on-exit"],
                        behind: wrapper), environment: site.environment)
                try waitUntil("the daemon answers") { try site.isMeasuring(daemon) }
                var traffic = Traffic()
                try traffic.send(site, datagrams: 30, of: 30)
                try site.waitForWindow()
                let result = daemon.stop()
                #expect(result.status == 0 && !result.errors.contains("error: "), "\(result.errors)")
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
                #expect(try site.isClean())
            }
        }

        @Test func `files and directories are for their owner and group`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-a", "--interval", "1", "--log-dir", site.logs)
                let modes = try ChildProcess.run(
                    ["stat", "-c", "%a", site.bpffs, site.socket, site.path("state"), site.logs])
                #expect(modes == "700\n660\n700\n750\n")
                // A window without a packet that began with the daemon has no line, and so no file.
                var traffic = Traffic()
                try traffic.send(site, datagrams: 1, of: 30)
                #expect(daemon.stop().status == 0)
                #expect(Set(try site.logFiles().map { try ChildProcess.run(["stat", "-c", "%a", $0]) }) == ["640\n"])
            }
        }

        @Test func `a log directory of another user is refused in a sentence, although root asks`() throws {
            try Site.with { site in
                try FileManager.default.createDirectory(
                    atPath: site.path("theirs"), withIntermediateDirectories: false,
                    attributes: [.posixPermissions: 0o755])
                try ChildProcess.run(["chown", "65534:65534", site.path("theirs")])
                try site.expect(
                    Refusal(
                        "run --port port-a --log-dir FOLDER/theirs",
                        """
                        cannot write log files to FOLDER/theirs: permission denied; let Weir's user write there, or choose \
                        another log directory
                        """))
            }
        }
    }
}
