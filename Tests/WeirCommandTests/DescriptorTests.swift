// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// A daemon that may have few files open.
    @Suite struct DescriptorTests {
        @Test
        func
            `the soft limit is raised to the hard one, and what finds no descriptor is named and attached when it can be`()
            throws
        {
            try Site.with { site in
                let daemon = try start(site, limit: "32:4096")
                defer { daemon.stop(SIGKILL) }
                let limits = try String(contentsOfFile: "/proc/\(daemon.pid)/limits", encoding: .utf8)
                #expect(limits.contains(#/Max open files +4096 +4096/#))
                let usual = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.pid)/fd").count
                #expect(try site.status().ports.count == 3)

                try limit(daemon, to: usual + 8)
                for number in 1...8 { try site.hub.ip("link add port-\(number) type veth peer name peer-\(number)") }
                let others = Set((1...8).map { "port-\($0)" })
                try waitUntil("all are named: \(daemon.errors)") {
                    try Set(site.status().refused.keys) == others
                }
                let said = daemon.errors.split(separator: "\n").filter { $0.contains("may not have more files open") }
                for name in others { #expect(said.filter { $0.contains(name) }.count == 1, "\(name) is said once") }
                #expect(try site.status().ports.map(\.state) == ["attached", "attached", "attached"])
                try limit(daemon, to: 4096)
                try waitUntil("all are attached") {
                    try site.status().ports.count == 11 && site.status().refused.isEmpty
                }
                #expect(daemon.stop().status == 0)
            }
        }

        /// Changes the soft limit.
        private func limit(_ daemon: ChildProcess, to soft: Int) throws {
            try ChildProcess.run(["prlimit", "--pid", "\(daemon.pid)", "--nofile=\(soft):4096"])
        }

        /// - Parameter limit: soft and hard.
        private func start(_ site: Site, limit: String) throws -> ChildProcess {
            let arguments = ["run", "--port", "port-*", "--interval", "1", "--log-dir", site.logs]
            let daemon = try ChildProcess(
                site.command(arguments, behind: ["prlimit", "--nofile=\(limit)"]), environment: site.environment)
            try waitUntil("the daemon measures: \(daemon.errors)") {
                try site.status().daemon?.life.state == .measuring
            }
            return daemon
        }
    }
}
