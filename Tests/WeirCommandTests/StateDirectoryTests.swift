// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowRecorder
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// What becomes of the daemon's own folders while it runs.
    @Suite struct StateDirectoryTests {
        @Test func `folders that are removed while in use are made anew, and nothing is lost`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs)
                var traffic = Traffic()
                let id = try String(contentsOfFile: site.path("state/id"), encoding: .utf8)
                for folder in ["state/journal", "state", "logs/.weir-\(id.prefix(16))"] {
                    try traffic.send(site, datagrams: 20, of: 20)
                    // The daemon may add and remove files there at this moment.
                    let script = "for try in 1 2 3 4 5; do rm -rf \(site.path(folder)) && exit 0; done; exit 1"
                    try ChildProcess.run(["sh", "-c", script])
                    try traffic.send(site, datagrams: 10, of: 10)
                    for _ in 0..<2 { try site.waitForWindow() }
                }
                try waitUntil("the state directory is there again") {
                    try String(contentsOfFile: site.path("state/id"), encoding: .utf8) == id
                }
                let said = "\(site.path("state")) was removed while in use, and is made anew"
                #expect(daemon.errors.matches(of: try Regex(said)).count == 1, "\(daemon.errors)")
                try waitUntil("all is well") { try site.outcome("status", "--check").status == 0 }
                // It is locked as it was before.
                let other = site.bpffs + "-other"
                defer { try? FileManager.default.removeItem(atPath: other) }
                let second = try site.outcome("run", "--port", "port-idle", "--bpffs", other)
                #expect(second.status == 1 && second.errors.contains("another weir daemon uses it"), "\(second)")
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
            }
        }

        @Test func `a journal in which no file can be made is said once, although each try has another name`() throws {
            try Site.with { site in
                try site.mountDisk(at: "disk")
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs, "--state-dir",
                    site.path("disk/state"))
                var traffic = Traffic()
                try traffic.send(site, datagrams: 20, of: 20)
                let journal = site.path("disk/state/journal")
                try ChildProcess.run(["chattr", "+i", journal])
                defer { _ = try? ChildProcess.run(["chattr", "-i", journal]) }
                var failures: Set<String> = []
                try waitUntil("it is tried three times") {
                    if let failure = try site.status().daemon?.journal.failure { failures.insert(failure) }
                    return failures.count == 3
                }
                try ChildProcess.run(["chattr", "-i", journal])
                try waitUntil("it works again") { daemon.errors.contains("writing the journal works again\n") }
                try traffic.send(site, datagrams: 10, of: 10)
                #expect(daemon.stop().status == 0)
                #expect(
                    daemon.errors.matches(of: #/error: cannot write to the journal/#).count == 1, "\(daemon.errors)")
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
            }
        }

        @Test func `a state disk that hangs shows in status, metrics and the log, and nothing is lost`() throws {
            try Site.with { site in
                try site.mountDisk(at: "disk")
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs, "--state-dir",
                    site.path("disk/state"))
                var traffic = Traffic()
                try traffic.send(site, datagrams: 20, of: 20)
                try ChildProcess.run(["fsfreeze", "-f", site.path("disk")])
                var isFrozen = true
                defer { if isFrozen { _ = try? ChildProcess.run(["fsfreeze", "-u", site.path("disk")]) } }
                try waitUntil("status tells for how long") {
                    try site.weir("status").contains(
                        #/\nfailing   the disk of the journal has not answered for \d+ s\n/#)
                }
                let check = try site.outcome("status", "--check")
                #expect(
                    check.status == 2 && check.output.hasPrefix("CRITICAL: the disk of the journal has not answered"))
                let page = try ChildProcess.run(["curl", "-s", "--unix-socket", site.socket, "http://weir/metrics"])
                #expect(page.contains(#/\nweir_journal_stalled_seconds [1-9]/#))
                try waitUntil("it is said") { daemon.errors.contains("error: the disk of the journal does not answer") }
                try traffic.send(site, datagrams: 30, of: 30)
                try ChildProcess.run(["fsfreeze", "-u", site.path("disk")])
                isFrozen = false
                try waitUntil("its answer is said") { daemon.errors.contains("the disk of the journal answers again") }
                try traffic.send(site, datagrams: 10, of: 10)
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
            }
        }
    }
}
