// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    @Suite struct ServiceManagerTests {
        /// Prints each datagram, and how many ports have pins at that moment.
        private static let listener = """
            import glob, socket, sys
            manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            manager.bind(sys.argv[1])
            while True:
                text = manager.recv(4096).decode()
                print(len(glob.glob(sys.argv[2] + "/*/ports/*")), text, flush=True)
            """

        @Test func `the manager is told when ports are attached, and of the end when it begins`() throws {
            try Site.with { site in
                let address = site.path("notify")
                let manager = try ChildProcess(["python3", "-c", Self.listener, address, site.bpffs])
                try waitUntil("the manager listens") { FileManager.default.fileExists(atPath: address) }
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1h", environment: ["NOTIFY_SOCKET": address])
                let started = [
                    "2 READY=1", "2 STATUS=measuring port-a, port-b, a window every 3600 s",
                ]
                try waitUntil("the manager hears of the start") { lines(manager) == started }
                #expect(daemon.stop().status == 0)
                try waitUntil("the manager hears of the end") { lines(manager).count == 5 }
                let ending = lines(manager).dropFirst(2)
                #expect(ending.prefix(2) == ["2 STOPPING=1", "2 STATUS=writing the window so far"])
                #expect(
                    ending.last?.wholeMatch(
                        of: #/2 STATUS=\d\d:\d\d:\d\d – \d\d:\d\d:\d\d  ports 2  flows 0  0 packets  0 B/#) != nil)
            }
        }

        private func lines(_ manager: ChildProcess) -> [String] {
            manager.output.split(separator: "\n").map(String.init)
        }

        @Test func `a manager that does not listen is said once a message, and measuring goes on`() throws {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-a", environment: ["NOTIFY_SOCKET": site.path("nobody")])
                #expect(daemon.stop().status == 0)
                #expect(
                    daemon.errors.contains(
                        "cannot tell the service manager at \(site.path("nobody")): no such file or directory; measuring goes on"
                    ))
            }
        }
    }
}
