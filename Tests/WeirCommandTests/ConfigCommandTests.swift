// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing
import WeirConfiguration

extension WeirCommandSuite {
    /// `weir config`: no root, no kernel, no daemon.
    @Suite struct ConfigCommandTests {
        private static let path = "/tmp/weir-t\(ProcessInfo.processInfo.processIdentifier)-config.yaml"

        /// Of a Weir whose configuration file has this text.
        private func outcome(
            _ arguments: [String], file text: String, environment: [String: String] = [:]
        ) throws -> ChildProcess.Result {
            try Data(text.utf8).write(to: URL(filePath: Self.path))
            defer { try? FileManager.default.removeItem(atPath: Self.path) }
            return try ChildProcess.outcome(
                of: [Site.binary, "config"] + arguments,
                environment: ["PATH": "/usr/bin:/bin", "WEIR_CONFIG": Self.path].merging(environment) { $1 })
        }

        /// What stands for a key, and behind it the source.
        private func shown(_ key: String, in output: String) -> String? {
            output.split(separator: "\n").first { $0.hasPrefix("\(key):") || $0.hasPrefix("# \(key):") }.map { line in
                line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
            }
        }

        @Test func `each value is shown with the source that decided`() throws {
            let result = try outcome(
                ["show", "--interval", "10m", "--port", "tap*", "--port", "eth0", "--hourly"],
                file: "# nothing\ninterval: 5m\nsocket: /file\nstate-dir: /file\nregion: x\n",
                environment: ["WEIR_STATE_DIR": "/variable", "WEIR_SOCKET": ""])
            #expect(result.status == 0 && result.errors == "", "\(result)")
            for (key, line) in [
                ("interval", "interval: 10m # --interval"), ("hourly", "hourly: true # --hourly"),
                ("ports", "ports: # --port"), ("socket", "socket: /file # \(Self.path):3"),
                ("state-dir", "state-dir: /variable # WEIR_STATE_DIR"), ("region", "region: x # \(Self.path):5"),
                ("publish-period", "publish-period: 10m # default"), ("metrics", "# metrics: none # default"),
            ] {
                #expect(shown(key, in: result.output) == line)
            }
            #expect(result.output.hasPrefix("ports: "))
            #expect(result.output.contains("\n  - tap*\n  - eth0\n# networks: none "))
        }

        @Test func `what is shown can be taken as a configuration, and is the same then`() throws {
            let first = try outcome(["show", "--ovs", "--format", "json", "--queue-size", "2GB"], file: "")
            let second = try outcome(["show"], file: first.output)
            let value = { (line: Substring) in line.prefix { $0 != "#" } }
            #expect(first.output.split(separator: "\n").map(value) == second.output.split(separator: "\n").map(value))
            #expect(shown("queue-size", in: first.output) == "queue-size: 2GB # --queue-size")
        }

        @Test func `ports of guests are shown where no port and no switch is named`() throws {
            #expect(try outcome(["show"], file: "").output.contains("  - tap*\n  - vnet*\n  - veth*\n"))
            let ovs = try outcome(["show", "--ovs-bridge", "br0"], file: "").output
            #expect(shown("ports", in: ovs) == "ports: [] # default")
            #expect(shown("ovs", in: ovs) == "ovs: true # default")
        }

        @Test func `as JSON each key has its value and its source`() throws {
            let result = try outcome(
                ["show", "--json", "--flows", "7"], file: "hourly: true\nports: [{match: a, tags: b}]\n")
            let object = try #require(
                JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: [String: Any]])
            #expect(Set(object.keys) == Set(ConfigurationKeys.all.names))
            for (key, text) in [
                ("flows", #"{"name":"--flows","source":"flag","value":7}"#),
                ("hourly", #"{"file":"\#(Self.path)","line":1,"source":"file","value":true}"#),
                (
                    "ports",
                    #"{"file":"\#(Self.path)","line":2,"source":"file","value":[{"match":"a","tags":["b"]}]}"#
                ), ("metrics", #"{"source":"default"}"#),
            ] {
                let bytes = try JSONSerialization.data(
                    withJSONObject: try #require(object[key]), options: [.sortedKeys, .withoutEscapingSlashes])
                #expect(String(decoding: bytes, as: UTF8.self) == text)
            }
        }

        @Test func `what is wrong is said as weir run says it`() throws {
            for (arguments, file, sentence) in [
                (["show", "--interval", "0"], "", "--interval must be whole seconds from 1s to 1h, "),
                (["show"], "intervall: 1", "\(Self.path):1: unknown key \"intervall\"; did you mean interval?"),
            ] {
                let result = try outcome(arguments, file: file)
                #expect(result.status == 2 && result.output == "")
                #expect(result.errors.hasPrefix("weir: \(sentence)"), "\(result.errors)")
            }
        }

        @Test func `the help of weir run has the flag of each key, and its help`() throws {
            let help = try ChildProcess.run([Site.binary, "run", "--help"]).split(whereSeparator: \.isWhitespace)
                .joined(separator: " ")
            let defaults = Configuration(flowLogID: "")
            for key in ConfigurationKeys.all.keys {
                guard let flag = key.flagText, let sentence = key.help(defaults: defaults) else { continue }
                let value = key.flag?.kind == .truth ? "" : " <\(flag.dropFirst(2))>"
                #expect(help.contains(" \(flag)\(value) \(sentence)"), "\(flag)")
            }
        }

        @Test func `the keys are printed as the documentation has them`() throws {
            #expect(try outcome(["keys"], file: "").output == ConfigurationKeys.markdown + "\n")
            #expect(try outcome(["keys", "--ports"], file: "").output == ConfigurationKeys.markdownOfPorts + "\n")
        }

        @Test func `the sample in the documentation is what the command prints for the packaged configuration`() throws
        {
            let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let page = try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
            let sample = try #require(try #/```\n\$ (.+)\n((?:[^`].*\n)+)```/#.firstMatch(in: page))
            let folder = "/tmp/weir-t\(ProcessInfo.processInfo.processIdentifier)-sample"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let packaged = try Data(contentsOf: root.appending(path: "packaging/weir.yaml"))
            try packaged.write(to: URL(filePath: folder + "/weir.yaml"))
            let command = sample.1.replacing(" weir ", with: " \(Site.binary) ", maxReplacements: 1)
            let output = try ChildProcess.run(["sh", "-c", "cd \(folder) && \(command)"])
            let lines = output.split(separator: "\n")
            let shown = sample.2.split(separator: "\n")
            #expect(shown.filter { !lines.contains($0) } == [] && shown.count > 5, "\(output)")
        }
    }
}
