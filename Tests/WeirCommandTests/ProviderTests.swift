// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DirectoryProviders
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// Directory providers: real programs that say whose the ports are.
    @Suite struct ProviderTests {
        private static let head = "account-id: 123456789012\npublish-period: 1s\ninterval: 1\nformat: json\n"

        /// The script of docs/providers.md, with another file and shorter waits.
        private static func documentedProvider(inventory: String) throws -> String {
            let page = try String(
                contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(
                    path: "../../docs/providers.md"), encoding: .utf8)
            let script = try #require(page.split(separator: "```sh\n").dropFirst().first?.split(separator: "```").first)
            #expect(script.split(separator: "\n").count == 8)
            #expect(script.contains("</etc/inventory.txt") && script.contains("sleep 10\n"))
            return String(script).replacing("/etc/inventory.txt", with: inventory).replacing(
                "sleep 10", with: "sleep 0.1")
        }

        private static func configure(_ site: Site, _ providers: String...) throws {
            let list = providers.map { "  - {name: \($0), command: [/bin/sh, \(site.path($0))]}\n" }.joined()
            try site.write(head + "log-dir: \(site.logs)\nproviders:\n" + list, to: "weir.yaml")
        }

        @Test func `the documented provider has ports measured under the names of its inventory`() throws {
            try Site.with { site in
                try site.write(Self.documentedProvider(inventory: site.path("machines")), to: "inventory")
                try site.write("port-a i-a vpc-1\nport-b i-b vpc-2\n", to: "machines")
                try Self.configure(site, "inventory")
                let daemon = try site.daemon()
                try site.waitForPorts(["port-a", "port-b"])
                var traffic = Traffic()
                try traffic.ping(site)
                try site.write("port-b i-b vpc-2\n", to: "machines")
                try site.waitForPorts(["port-b"])
                #expect(try site.programs(on: "port-a") == "", "the interface is still there")
                try waitUntil("the report has one interface") {
                    try site.status().daemon?.providers.first?.interfaces == 1
                }
                let report = try #require(try site.status().daemon?.providers.first)
                #expect(report.name == "inventory" && report.linesRefused == 0)
                #expect(report.restarts == 0 && report.failure == nil)
                #expect(try site.weir("status").contains("provider  inventory: 1 interface, heard at "))
                #expect(daemon.stop().status == 0)
                #expect(kill(try #require(report.pid), 0) != 0)

                let lines = try site.jsonLines()
                #expect(try LogLines.sums(lines) == traffic.expected)
                let names = Set(lines.map { [$0["port"], $0["instance-id"], $0["vpc-id"]] })
                #expect(names == [["port-a", "i-a", "vpc-1"], ["port-b", "i-b", "vpc-2"]])
                #expect(daemon.errors.contains("inventory has given up port-a; its last records come with this window"))
            }
        }

        @Test func `no port is given up on a restart until its provider has told all`() throws {
            try Site.with { site in
                let list = #"'{"interface": "port-b", "measure": true}' '{"complete": true}'"#
                try site.write(
                    """
                    [ -e \(site.path("first")) ] || {
                        touch \(site.path("first"))
                        echo '{"interface": "port-a", "instance_id": "i-a", "measure": true}'
                    }
                    while [ ! -e \(site.path("go")) ]; do sleep 0.1; done
                    printf '%s\\n' \(list)
                    sleep 600
                    """, to: "inventory")
                try Self.configure(site, "inventory")
                var daemon = try site.daemon()
                try site.waitForPorts(["port-a"])
                #expect(daemon.stop().status == 0)
                daemon = try site.daemon()
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(try site.status().ports.map(\.number) == [1])
                #expect(try site.status().daemon?.providers.first?.linesPrinted == 0)
                try site.write("", to: "go")
                try site.waitForPorts(["port-b"])
                #expect(daemon.stop().status == 0)
                let ofA = try site.jsonLines().filter { $0["port"] == "port-a" }
                #expect(!ofA.isEmpty && ofA.allSatisfy { $0["instance-id"] == "i-a" })
            }
        }

        @Test func `providers come and go with the configuration, and none outlives a daemon that is killed`() throws {
            try Site.with { site in
                for (name, port) in [("one", "port-a"), ("two", "port-b")] {
                    try site.write(
                        """
                        echo $$ > \(site.path(name + ".pid"))
                        echo '{"interface": "\(port)", "instance_id": "i-\(name)", "measure": true}'
                        echo '{"complete": true}'
                        while :; do sleep 1; done
                        """, to: name)
                }
                func pid(of name: String) throws -> Int32 {
                    let text = try String(contentsOfFile: site.path(name + ".pid"), encoding: .utf8)
                    return try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
                }
                try Self.configure(site, "one")
                let daemon = try site.daemon()
                try site.waitForPorts(["port-a"])
                try Self.configure(site, "two")
                daemon.signal(SIGHUP)
                try site.waitForPorts(["port-b"])
                let first = try pid(of: "one")
                try waitUntil("the first provider ends") { kill(first, 0) != 0 }
                let second = try pid(of: "two")
                #expect(kill(second, 0) == 0)
                daemon.stop(SIGKILL)
                try waitUntil("the second provider ends with its daemon") { kill(second, 0) != 0 }
            }
        }

        @Test func `a provider that fails is told of, and measuring goes on`() throws {
            try Site.with { site in
                try site.write("echo rubbish; echo 'no such inventory' >&2; exit 3", to: "inventory")
                try Self.configure(site, "inventory")
                let daemon = try site.daemon("--port", "port-a", "--port", "port-b")
                // Between two failures it runs.
                var text = ""
                try waitUntil("it has failed") {
                    text = try site.weir("status")
                    return text.contains(
                        "provider  inventory: does not run: it ended with status 3; it said: no such inventory")
                }
                #expect(text.contains("refused, the last because it is not a JSON object"), "\(text)")
                var traffic = Traffic()
                try traffic.ping(site)
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.jsonLines()) == traffic.expected)
                #expect(daemon.errors.contains("provider inventory: no such inventory"))
            }
        }
    }
}
