// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowTestKit
import FlowVerdict
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// Security groups as an operator uses them: files, commands, flow logs.
    @Suite struct PolicyCommandTests {
        private static func policy(mode: String, port: Int) -> String {
            """
            groups:
              - name: web
                rules:
                  - {name: open, direction: ingress, protocol: udp, port-range: \(port), remote-prefix: 10.9.0.1}
                  - {name: closed, direction: ingress, protocol: udp, port-range: 9000-9999, action: deny, priority: 5}
            ports:
              - match: port-b
                groups: [web]
                mode: \(mode)

            """
        }

        /// Sends a datagram from left to each of right's ports, which answers none.
        private func send(_ site: Site, to ports: [Int], from source: Int) throws {
            let script = """
                import socket
                for port in \(ports):
                    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind(('10.9.0.1', \(source))); s.sendto(b'x', ('10.9.0.2', port))
                """
            try site.left.run(["python3", "-c", script])
        }

        /// What left at port-b, or was stopped there, by destination port.
        private func ingress(_ site: Site) throws -> [String: LogLine] {
            let lines = try site.jsonLines().filter {
                $0["port"] == "port-b" && $0["flow-direction"] == "ingress" && $0["protocol"] == "17"
            }
            return Dictionary(lines.compactMap { line in line["dstport"].map { ($0, line) } }) { $1 }
        }

        private func receivedAtRight(_ site: Site) throws -> UInt64 {
            HostCounters(try site.right.run(["cat", "/proc/net/dev"])).received("eth0").frames
        }

        @Test func `an audited policy says what it would do, an enforced one does it, and both by which rule`() throws {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1", "--log-dir", site.logs, "--format", "json")
                try site.write(Self.policy(mode: "audit", port: 7000), to: "audit.yaml")
                let said = try site.weir("policy", "load", site.path("audit.yaml"))
                #expect(said.contains("port-b") && said.contains("audit") && said.contains("web"))
                let before = try receivedAtRight(site)
                try send(site, to: [7000, 7001, 9001], from: 20_000)
                try waitUntil("all got through") { try receivedAtRight(site) - before >= 3 }
                try site.waitForWindow()
                try site.write(Self.policy(mode: "enforce", port: 7100), to: "enforce.yaml")
                try site.weir("policy", "load", site.path("enforce.yaml"))
                let middle = try receivedAtRight(site)
                try send(site, to: [7100, 7101, 9100], from: 20_001)
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(try receivedAtRight(site) - middle == 1, "the others were dropped")
                let shown = try site.weir("policy", "show")
                #expect(shown.contains("enforce.yaml") && shown.contains("web/open") && shown.contains("udp 7100"))
                let verdicts = try #require(try site.status().daemon?.verdicts)
                #expect(daemon.stop().status == 0)

                let lines = try ingress(site)
                for (port, action, source, rule, reason) in [
                    ("7000", "ACCEPT", "observed", "web/open", nil),
                    ("7001", "REJECT", "policy", "default/ingress", "policy-audit"),
                    ("9001", "REJECT", "policy", "web/closed", "policy-audit"),
                    ("7100", "ACCEPT", "observed", "web/open", nil),
                    ("7101", "REJECT", "policy", "default/ingress", "policy"),
                    ("9100", "REJECT", "policy", "web/closed", "policy"),
                ] {
                    let line = try #require(lines[port])
                    #expect(line["action"] == action && line["verdict-source"] == source, "\(line)")
                    #expect(line["rule"] == rule && line["reject-reason"] == reason, "\(line)")
                    #expect(line["packets"] == "1")
                }
                #expect(
                    verdicts.rejections.first { $0.rule == "web/closed" && $0.reason == "policy" }?.count.packets == 1)
            }
        }

        @Test func `a log of what is rejected has nothing else, and the metrics count both`() throws {
            try Site.with { site in
                try site.write(
                    "publish-period: 1s\nlog: reject\nports:\n  - port-b\n  - {match: port-a, log: accept, tags: [left]}\n",
                    to: "weir.yaml")
                let policy = Self.policy(mode: "audit", port: 7000) + "  - {tag: left, groups: []}\n"
                try site.write(policy, to: "policy.yaml")
                let daemon = try site.daemon(
                    "--interval", "1", "--log-dir", site.logs, "--format", "json", "--metrics", "19469",
                    "--policy", site.path("policy.yaml"))
                try send(site, to: [7000, 7001, 9001, 9002], from: 20_000)
                for _ in 0..<2 { try site.waitForWindow() }
                let fetch =
                    "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:19469/metrics').read().decode())"
                let metrics = try site.hub.run(["python3", "-c", fetch])
                #expect(daemon.stop().status == 0)
                #expect(
                    metrics.contains(
                        #"weir_rejected_packets_total{source="policy",reason="policy-audit",rule="web/closed"} 2"#))
                let flows = try site.jsonLines().filter { $0["log-status"] == "OK" && $0["protocol"] == "17" }
                let logged = flows.map { "\($0["port"] ?? "") \($0["action"] ?? "") \($0["dstport"] ?? "")" }.sorted()
                #expect(
                    logged == [
                        "port-a ACCEPT 7000", "port-a ACCEPT 7001", "port-a ACCEPT 9001", "port-a ACCEPT 9002",
                        "port-b REJECT 7001", "port-b REJECT 9001", "port-b REJECT 9002",
                    ])
            }
        }

        /// The window that nobody has closed yet is one that the daemon takes over: both tell of the same packets.
        @Test func `weir dump shows the verdicts and names that the published records of the same flows have`() throws {
            try Site.with { site in
                try site.weir("attach", "port-a", "port-b")
                try site.write(Self.policy(mode: "audit", port: 7000), to: "policy.yaml")
                try site.weir("policy", "load", site.path("policy.yaml"))
                try send(site, to: [7000, 7001, 9001], from: 20_000)
                var shown: [LogLine] = []
                try waitUntil("each is counted at both ports") {
                    shown = Self.flows(try LogLines.json(try site.weir("dump", "--json")))
                    return shown.count == 6
                }
                let chosen = try site.weir("dump", "port-b", "reject", "or", "dst", "port", "7001", "--json")
                #expect(
                    Self.flows(try LogLines.json(chosen))
                        == shown.filter {
                            $0["port"] == "port-b" && ($0["action"] == "REJECT" || $0["dstport"] == "7001")
                        })
                let refused = try site.outcome("dump", "port-a", "dst", "prot", "22")
                #expect(refused.status == 2 && refused.output.isEmpty)
                #expect(
                    refused.errors
                        == "weir: filter, column 5: \"prot\" is not an address, such as 10.0.0.1, or a network, such as 10.0.0.0/8\n"
                )
                let daemon = try site.daemon("--port", "port-[ab]", "--log-dir", site.logs, "--format", "json")
                #expect(daemon.stop().status == 0)
                #expect(Self.flows(try site.jsonLines()) == shown)
                #expect(shown.map { $0["rule"] } == [nil, "web/open", nil, "default/ingress", nil, "web/closed"])
            }
        }

        /// All that lines of UDP say, but when and why their window ended; by destination port and port.
        private static func flows(_ lines: [LogLine]) -> [LogLine] {
            let ofWindow: Set = ["window-end", "flow-end-reason", "restarted"]
            return lines.filter { $0["protocol"] == "17" }
                .map { line in line.filter { !ofWindow.contains($0.key) } }
                .sorted { "\($0["dstport"] ?? "") \($0["port"] ?? "")" < "\($1["dstport"] ?? "") \($1["port"] ?? "")" }
        }

        @Test func `a wrong file is refused with its line, and what was in force stays`() throws {
            try Site.with { site in
                _ = try site.daemon("--port", "port-b", "--interval", "1", "--stdout")
                try site.write(Self.policy(mode: "audit", port: 7000), to: "good.yaml")
                try site.weir("policy", "load", site.path("good.yaml"))
                let shown = try site.weir("policy", "show", "--json")
                try site.write("groups:\n  - name: web\n    rules:\n      - {direction: inn}\n", to: "wrong.yaml")
                for command in ["check", "load"] {
                    let refused = try site.outcome("policy", command, site.path("wrong.yaml"))
                    #expect(refused.status == 2)
                    #expect(
                        refused.errors
                            == "weir: \(site.path("wrong.yaml")):4: direction must be ingress or egress, not \"inn\"\n")
                }
                #expect(try site.weir("policy", "show", "--json") == shown)
                try site.write("{", to: "state/policy")
                let damaged = try site.outcome("policy", "show")
                #expect(
                    damaged.status == 1
                        && damaged.errors
                            == "weir: what is kept in \(site.path("state/policy")) is damaged: load the policy again (weir policy load FILE)\n"
                )
                try site.weir("policy", "load", site.path("good.yaml"))
                let explained = try site.weir(
                    "policy", "explain", "--port", "port-b", "--direction", "ingress", "--protocol", "udp", "--source",
                    "10.9.0.1", "--destination", "10.9.0.2", "--destination-port", "9001")
                #expect(
                    explained.hasSuffix("decides: web/closed, deny: allowed all the same: the port is only audited\n"))
                try site.weir("policy", "unload")
                #expect(try site.weir("policy", "show").hasPrefix("No policy is in force"))
            }
        }

        @Test func `a port that comes later has its policy from the first frame on, and so has the next daemon`() throws
        {
            try Site.with { site in
                try site.write(Self.policy(mode: "enforce", port: 7000), to: "policy.yaml")
                let arguments = [
                    "--port", "port-a", "--interval", "1", "--log-dir", site.logs, "--format", "json", "--policy",
                    site.path("policy.yaml"),
                ]
                let first = try site.daemon(arguments)
                try site.weir("attach", "port-b")
                let before = try receivedAtRight(site)
                try send(site, to: [7001, 7000], from: 20_000)
                try waitUntil("one got through") { try receivedAtRight(site) - before >= 1 }
                #expect(first.stop().status == 0)
                // Enforced while no daemon runs.
                try send(site, to: [7002, 7000], from: 20_001)
                try waitUntil("another got through") { try receivedAtRight(site) - before >= 2 }
                let open = try LogLines.json(try site.weir("dump", "--json"))
                #expect(open.first { $0["dstport"] == "7002" && $0["port"] == "port-b" }?["rule"] == "default/ingress")
                let second = try site.daemon(Array(arguments.dropLast(2)))
                try site.waitForWindow()
                try send(site, to: [7003, 7000], from: 20_002)
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(second.stop().status == 0)
                #expect(try receivedAtRight(site) - before == 3)
                let lines = try ingress(site)
                for port in ["7001", "7002", "7003"] { #expect(lines[port]?["rule"] == "default/ingress", "\(port)") }
            }
        }

        @Test
        func `a port whose policy is enforced and cannot be had is not attached, said, and attached when it can be`()
            throws
        {
            try Site.with { site in
                try site.write(Self.policy(mode: "enforce", port: 7000), to: "policy.yaml")
                let daemon = try site.daemon(
                    "--port", "port-b", "--interval", "1", "--log-dir", site.logs, "--policy", site.path("policy.yaml"))
                let kept = try String(contentsOfFile: site.path("state/policy"), encoding: .utf8)
                try site.write("of another version", to: "state/policy")
                let refused = try site.outcome("attach", "port-a")
                #expect(refused.status == 1)
                #expect(refused.errors.contains("weir: cannot attach to port-a: a policy is to be enforced on it"))
                try site.hub.ip("link set port-b down")
                try site.hub.ip("link set port-b name other")
                try site.hub.ip("link set other name port-b")
                // Attached, and under a name whose policy nobody can read: what was in force stays.
                #expect(try site.weir("status").contains("other") == false)
                try waitUntil("it is said") { daemon.errors.contains("cannot be put in force") }
                try waitUntil("status has it") {
                    try site.status().daemon?.ports.coverage?.impaired.map(\.port) == ["port-b"]
                }
                try site.write(kept, to: "state/policy")
                try waitUntil("it is in force again") {
                    try site.status().daemon?.ports.coverage?.impaired == []
                }
                #expect(try site.weir("policy", "show").contains("enforce"))
                #expect(daemon.stop().status == 0)

                // The next daemon finds a damaged state, and the port that comes is not open.
                try site.weir("detach", "--all")
                try site.write("of another version", to: "state/policy")
                let next = try site.daemon("--port", "port-b", "--interval", "1", "--log-dir", site.logs)
                #expect(try site.status().ports == [])
                try waitUntil("status has it") {
                    try site.status().refused.keys.map(\.self) == ["port-b"]
                }
                #expect(next.errors.contains("cannot attach to port-b: a policy is to be enforced on it"))
                #expect(next.errors.components(separatedBy: "Weir tries again").count == 2, "it is said once")
                try site.weir("policy", "load", site.path("policy.yaml"))
                try waitUntil("it is attached") {
                    try site.status().ports.map(\.name) == ["port-b"]
                }
                #expect(try site.weir("policy", "show").contains("enforce"))
                #expect(next.stop().status == 0)
            }
        }

        @Test func `a port that is renamed has the policy of its new name, and is not opened by a name that has none`()
            throws
        {
            try Site.with { site in
                try site.write(Self.policy(mode: "enforce", port: 7000), to: "policy.yaml")
                let daemon = try site.daemon(
                    "--port", "port-[bi]*", "--interval", "1", "--log-dir", site.logs, "--policy",
                    site.path("policy.yaml"))
                func modes() throws -> [String] {
                    let document = try JSONSerialization.jsonObject(
                        with: Data(try site.weir("policy", "show", "--json").utf8))
                    let ports = (document as? [String: Any])?["ports"] as? [[String: Any]] ?? []
                    return ports.compactMap { port in
                        (port["port"] as? String).map { "\($0) \(port["mode"] ?? "")" }
                    }.sorted()
                }
                func rename(_ old: String, to new: String) throws {
                    try site.hub.ip("link set \(old) down")
                    try site.hub.ip("link set \(old) name \(new)")
                    try waitUntil("it is called \(new)") { try site.status().ports.contains { $0.name == new } }
                }
                #expect(try modes() == ["port-b enforce"])
                try rename("port-b", to: "other")
                try waitUntil("it is said: \(daemon.errors)") { daemon.errors.contains("as port-b stays in force") }
                #expect(try modes() == ["other enforce"])
                try rename("port-idle", to: "port-b")
                try waitUntil("the new name has it") { try modes() == ["other enforce", "port-b enforce"] }
                #expect(daemon.stop().status == 0)
                let next = try site.daemon(
                    "--port", "port-b", "--interval", "1", "--log-dir", site.logs, "--policy", site.path("policy.yaml"))
                #expect(
                    try modes() == ["other enforce", "port-b enforce"], "the same policy, loaded by the next daemon")
                #expect(next.stop().status == 0)
            }
        }

        @Test func `a daemon whose policy is wrong does not start where none was in force`() throws {
            try Site.with { site in
                try site.write("groups: 7\n", to: "policy.yaml")
                let daemon = try site.start(
                    ["--port", "port-b", "--log-dir", site.logs, "--policy", site.path("policy.yaml")])
                let result = try daemon.wait(within: .seconds(20))
                #expect(result.status == 2 && result.errors.contains("policy.yaml"), "\(result.errors)")
                #expect(try site.isClean())
            }
        }

        @Test func `an explanation names the rule that decides and those that it passed`() throws {
            try Site.with { site in
                try site.write(Self.policy(mode: "audit", port: 7000), to: "policy.yaml")
                let text = try site.weir(
                    "policy", "explain", site.path("policy.yaml"), "--port", "port-b", "--direction", "ingress",
                    "--protocol", "udp", "--source", "10.9.0.1", "--destination", "10.9.0.2", "--destination-port",
                    "7000")
                #expect(
                    text == """
                        port-b has web, audit
                        passed:
                          web/closed  destination port 7000 is not 9000-9999
                        decides: web/open, allow: allowed

                        """)
                let other = try site.outcome(
                    "policy", "explain", site.path("policy.yaml"), "--port", "port-x", "--direction", "ingress",
                    "--protocol", "udp", "--source", "10.9.0.1", "--destination", "10.9.0.2")
                #expect(other.status == 2 && other.errors.contains("the policy says nothing of port-x"))
            }
        }
    }
}
