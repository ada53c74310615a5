// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// What a control group that allows little memory does to windows with many flows.
    @Suite struct MemoryLimitTests {
        private static let flows = 120_000
        private static let arguments = ["--port", "port-a", "--interval", "2"]

        @Test func `windows of 120,000 flows under 64 MB are recorded exactly, also after a kill`() throws {
            try Site.with { site in
                // The tables are there already: they are another group's.
                let options = ["--flows", "600000", "--port-share", "100%"]
                #expect(try site.daemon(["--port", "port-a", "--stdout"] + options).stop().status == 0)
                let group = try MemoryGroup(megabytes: 64)
                let killed = try start(site, in: group)
                try send(site)
                try site.waitForWindow()
                try send(site)
                killed.stop(SIGKILL)

                let daemon = try start(site, in: group)
                try send(site)
                try site.waitForWindow()
                // The kernel evicts pages of the program under this limit, and the daemon reads them from the disk again.
                let result = daemon.stop(grace: .seconds(60))
                #expect(result.status == 0 && !result.errors.contains("error"), "\(result.errors)")
                #expect(result.errors.contains(#/the memory limit of 64 MB \(/sys/fs/cgroup/.*\) leaves \d+ MB: /#))
                #expect(try site.weir("status").contains("weir") && sums(site) == "\(Self.flows) flows of 3 packets")
            }
        }

        @Test func `tables that have no room under the limit are refused, and nothing is left`() throws {
            try Site.with { site in
                let group = try MemoryGroup(megabytes: 24)
                let before = try site.traces()
                let result = try site.outcome(["run", "--port", "port-a", "--stdout"], behind: group.wrapper)
                #expect(result.status == 1)
                let sentence =
                    #/^weir: cannot make room for 262144 flows: their table takes \d+ bytes, and the memory limit of 25165824 \(/sys/fs/cgroup/.*\) leaves \d+; ask for at most \d+ flows, or raise that limit\n$/#
                #expect(result.errors.contains(sentence), "\(result.errors)")
                #expect(try site.traces() == before)
            }
        }

        private func start(_ site: Site, in group: MemoryGroup) throws -> ChildProcess {
            let arguments = Self.arguments + ["--log-dir", site.logs]
            let daemon = try ChildProcess(
                site.command(["run"] + arguments, behind: group.wrapper), environment: site.environment)
            try waitUntil("the daemon answers: \(daemon.errors)", within: .seconds(60)) {
                guard daemon.isRunning else { throw Site.Ended(errors: daemon.errors) }
                return try site.status().daemon?.life.pid == daemon.pid
            }
            return daemon
        }

        /// A datagram of each flow.
        private func send(_ site: Site) throws {
            let frame = Frame([
                .ethernet(from: try site.left.macAddress(of: "eth0"), to: try site.right.macAddress(of: "eth0")),
                .ipv4(from: "10.9.0.1", to: "10.9.7.0"), .udp(from: 2000, to: 53),
            ]).bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
            try ChildProcess.run([
                "nsenter", "--net=\(site.left.path)", "python3", "-c", Self.sender, "eth0", "\(Self.flows)", frame,
            ])
        }

        /// How many flows the published files have, by what their records add up to.
        private func sums(_ site: Site) throws -> String {
            try ChildProcess.run([
                "sh", "-c",
                """
                find \(site.logs) -name '*.gz' -exec zcat {} + | awk '$14 == "OK" { packets[$5 " " $6] += $9 }
                    END { for (flow in packets) flows[packets[flow]]++
                          for (sum in flows) printf "%s flows of %s packets", flows[sum], sum }'
                """,
            ])
        }

        /// Flows differ in their source port and in the last byte of their destination. The check sum of IP is not looked at.
        private static let sender = """
            import socket, sys, time
            interface, flows, frame = sys.argv[1], int(sys.argv[2]), bytearray.fromhex(sys.argv[3])
            sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            sender.bind((interface, 0))
            for flow in range(flows):
                frame[33] = 1 + flow // 50000
                frame[34:36] = (2000 + flow % 50000).to_bytes(2, "big")
                while True:
                    try:
                        sender.send(frame)
                        break
                    except OSError:
                        time.sleep(0.001)
            """
    }
}
