// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    /// Interfaces whose names a terminal would obey, would hide, or that are not UTF-8.
    @Suite struct ForeignNameTests {
        /// The name as the shell's printf takes it, and as people read it.
        private static let names = [
            ("v\\377\\303", "v\\xff\\xc3"), ("\\033[31mred", "\\x1b[31mred"), ("a\\342\\200\\256b", "a\\u{202e}b"),
            ("v\\\\xff", "v\\x5cxff"),
        ]

        /// Gives the site's idle port and others such names; datagrams are sent at the one that is no UTF-8.
        private func withNames(_ body: (Site) throws -> Void) throws {
            try Site.with { site in
                try site.left.addPair("eth2", to: site.hub, "weir-t0")
                try site.left.addSilentAddress(
                    "10.77.0.1", on: "eth2", towards: "10.77.0.2", at: MACAddress(0x0200_0000_0001))
                for (index, name) in Self.names.enumerated() {
                    if index > 0 { try site.hub.ip("link add weir-t\(index) type veth peer name weir-p\(index)") }
                    let script = "n=$(printf '\(name.0)'); ip link set weir-t\(index) down; "
                    try site.hub.run([
                        "sh", "-ec", script + "ip link set weir-t\(index) name \"$n\"; ip link set \"$n\" up",
                    ])
                }
                try body(site)
            }
        }

        private func expectClean(_ text: String, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation)
        {
            let foreign = text.unicodeScalars.filter {
                $0 != "\n" && !PrintableText.isPrintable($0) || $0 == "\u{FFFD}"
            }
            #expect(foreign.isEmpty, comment, sourceLocation: sourceLocation)
        }

        @Test func `they are measured, and shown so that no terminal obeys them`() throws {
            try withNames { site in
                let daemon = try site.daemon(
                    "--port", "v*", "--port", "*red", "--port", "a*b", "--log-dir", site.logs, "--interval", "1")
                try site.waitForPorts(["v\\xff\\xc3", "\u{1B}[31mred", "a\u{202E}b", "v\\x5cxff"])
                let send = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                try site.left.run([
                    "/usr/bin/python3", "-c", send + "[s.sendto(b'x', ('10.77.0.2', 9)) for _ in range(7)]",
                ])
                for arguments in [
                    ["status"], ["dump"], ["status", "--json"], ["dump", "--json"], ["dump", "--format", "aws"],
                ] {
                    let result = try site.outcome(arguments)
                    #expect(result.status == 0 && result.errors == "")
                    expectClean(result.output, "\(arguments)")
                }
                let status = try site.weir("status")
                for (_, shown) in Self.names { #expect(status.contains("\n\(shown) "), "\(shown)") }
                expectClean(
                    try ChildProcess.run(["curl", "-s", "--unix-socket", site.socket, "http://x/metrics"]), "metrics")
                expectClean(
                    try ChildProcess.run(["curl", "-s", "--unix-socket", site.socket, "http://x/status"]), "report")
                // The interfaces that nothing is sent to have no line but NODATA.
                try site.waitForWholeWindow()
                #expect(daemon.stop().status == 0)
                expectClean(daemon.errors, "the log")
                let lines = try site.awsLines()
                #expect(
                    Set(lines.compactMap { $0["interface-id"] }) == ["v\\xff\\xc3", "_[31mred", "a_b", "v\\x5cxff"])
                let sent = lines.filter { $0["interface-id"] == "v\\xff\\xc3" && $0["dstaddr"] == "10.77.0.2" }
                #expect(sent.compactMap { $0["packets"].flatMap(Int.init) }.reduce(0, +) == 7)
            }
        }

        @Test func `commands take such a name as it is, and as it is shown`() throws {
            try withNames { site in
                let attached = "attached as port"
                for (raw, shown) in Self.names.prefix(2) {
                    let script = "n=$(printf '\(raw)'); exec \"$0\" \"$1\" \"$n\""
                    for verb in ["attach", "detach"] {
                        let result = try site.outcome([verb], behind: ["sh", "-c", script])
                        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
                        if verb == "attach" { #expect(result.output.hasPrefix("\(shown): \(attached) ")) }
                    }
                    #expect(try site.weir("attach", shown).hasPrefix("\(shown): \(attached) "))
                    #expect(try site.weir("dump", shown).contains("no data") == true)
                    try site.weir("detach", shown)
                }
                try site.expect(
                    Refusal(
                        "attach \u{1B}[2J\u{202E}",
                        """
                        cannot find the port \\x1b[2J\\u{202e}: there is no such interface in this network namespace; list \
                        them with: ip link
                        """))
                try site.expect(
                    Refusal(
                        "run --format \u{1B}c", status: 2, "--format must be aws, json, csv or parquet, not \"\\x1bc\"")
                )
            }
        }
    }
}
