// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// Whoever may connect can at most waste the time of one thread.
    @Suite struct HostileRequestTests {
        /// What a caller does to a socket until it is ended; it says so first. Reports what was answered.
        private enum Hostility: String, CaseIterable {
            case crowd = """
                held = [connect() for _ in range(1000)]
                said("in")
                """
            case oversized = """
                said("in")
                while True: attempt(lambda s: s.sendall(b"GET /" + b"x" * 1000000))
                """
            case malformed = """
                said("in")
                while True: attempt(lambda s: (s.sendall(os.urandom(512)), s.recv(4096)))
                """
            case slow = """
                held = [connect() for _ in range(40)]
                said("in")
                while True:
                    for number, s in enumerate(held):
                        try: s.send(b"G")
                        except OSError: held[number] = connect()
                    time.sleep(0.01)
                """
            case deaf = """
                held = [connect() for _ in range(200)]
                for s in held: attempt(lambda _: s.sendall(b"GET /metrics HTTP/1.1\\r\\n\\r\\n"))
                said("in")
                """

            var script: String {
                """
                import os, resource, socket, sys, time
                resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
                def said(word): print(word, flush=True)
                def connect():
                    s = socket.socket(socket.AF_UNIX)
                    s.connect(sys.argv[1])
                    s.settimeout(5)
                    return s
                def attempt(act):
                    try:
                        with connect() as s: act(s)
                    except OSError: pass
                \(rawValue)
                time.sleep(60)
                """
            }
        }

        @Test(arguments: Hostility.allCases.map(\.rawValue))
        func `hostile requests change no count and keep nobody out`(kind: String) throws {
            let hostility = try #require(Hostility(rawValue: kind))
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs)
                let before = try descriptors(of: daemon)
                let caller = try ChildProcess(["python3", "-c", hostility.script, site.socket])
                try waitUntil("the caller is at it: \(caller.errors)") { caller.output == "in\n" }
                var traffic = Traffic()
                for _ in 0..<3 {
                    try traffic.send(site, datagrams: 100, of: 30)
                    #expect(try site.status().daemon?.life.pid == daemon.pid)
                    try site.waitForWindow()
                }
                // 32 connections at most, and a few that come and go.
                #expect(try descriptors(of: daemon) <= before + 40)
                #expect(try #require(try site.status().daemon?.life.residentBytes) < 80_000_000)
                caller.stop(SIGKILL)
                #expect(try site.status().daemon?.windows.violations == 0)
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected)
            }
        }

        private func descriptors(of process: ChildProcess) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.pid)/fd").count
        }
    }
}
