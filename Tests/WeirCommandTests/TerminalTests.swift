// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    @Suite struct TerminalTests {
        /// What the command shows on a terminal, whose lines end in carriage return and line feed.
        private func onTerminal(_ site: Site, _ arguments: [String], variables: [String] = []) -> [String] {
            let command = (["env", "TERM=xterm"] + variables + [Site.binary] + arguments).map { "'\($0)'" }
            return ["nsenter", "--net=\(site.hub.path)", "script", "-qec", command.joined(separator: " "), "/dev/null"]
        }

        @Test func `on a terminal the daemon shows what it measures`() throws {
            try Site.with { site in
                let daemon = try ChildProcess(
                    onTerminal(site, ["run", "--port", "port-a", "--interval", "1", "--log-dir", site.logs]),
                    environment: site.environment)
                try waitUntil("it measures") { try site.status().daemon.map { $0.windows.closed > 1 } ?? false }
                kill(try #require(try site.status().measuredBy), SIGINT)
                let result = try daemon.wait()
                #expect(result.status == 0)
                let lines = result.output.components(separatedBy: "\r\n")
                #expect(lines.first == "weir: end with Ctrl-C")
                #expect(lines.dropFirst().first?.contains(" is measuring port-a, a window every 1 s; ") == true)
                let window = #/weir: \d\d:\d\d:\d\d – \d\d:\d\d:\d\d  ports 1  flows 0  0 packets  0 B/#
                #expect(lines.dropFirst(2).dropLast(2).allSatisfy { $0.wholeMatch(of: window) != nil })
                #expect(lines.last == "" && lines.dropLast().last?.contains("notice: ended after SIGINT") == true)
            }
        }

        @Test func `dump has colours on a terminal alone, and none where NO_COLOR asks for none`() throws {
            try Site.with { site in
                try site.weir("attach", "port-a")
                let bold = "\u{1B}[1mPORT"
                let shown = try ChildProcess.run(onTerminal(site, ["dump"]), environment: site.environment)
                #expect(shown.hasPrefix(bold))
                let plain = try ChildProcess.run(
                    onTerminal(site, ["dump"], variables: ["NO_COLOR=1"]), environment: site.environment)
                #expect(plain.hasPrefix("PORT ") && !plain.contains("\u{1B}"))
                #expect(!(try site.weir("dump")).contains("\u{1B}"))
            }
        }

        @Test(arguments: ["bash", "zsh", "fish"])
        func `the completion script is one that its shell takes`(shell: String) throws {
            let script = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: script) }
            let text = try ChildProcess.run([Site.binary, "--generate-completion-script", shell])
            #expect(text.contains("detach") && text.contains("interval"))
            try Data(text.utf8).write(to: script)
            try ChildProcess.run([shell, "-n", script.path])
        }
    }
}
