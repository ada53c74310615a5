// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    /// The README shows what the command prints, but for numbers, times and places, which are those of another run.
    @Suite struct ReadmeTests {
        /// The lines between fences that begin with that word.
        private static func sample(_ firstWord: String) throws -> [String] {
            let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
            let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
            let blocks = text.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            let lines = blocks.map { $0.split(separator: "\n").map(String.init) }
            return try #require(lines.first { $0.first?.hasPrefix(firstWord + " ") == true }, "\(firstWord)")
        }

        private static func shapeOfStatus(_ lines: [String]) -> [String] {
            lines.map { line in
                line.replacing(#/ /\S+/#, with: " /").replacing(#/\d[\d.:TZ-]*/#, with: "0").replacing(
                    #/ [kMG]B/#, with: " B"
                )
                .split(separator: " ").joined(separator: " ")
            }
        }

        @Test func `status is as the README shows it`() throws {
            let documented = Self.shapeOfStatus(try Self.sample("daemon"))
            try Site.with { site in
                _ = try site.daemon(
                    "--port", "port-a", "--interval", "1", "--log-dir", site.logs, "--publish-period", "1h", "--stdout")
                try site.left.run(["ping", "-q", "-c", "3", "-i", "0.2", "10.9.0.2"])
                var printed: [String] = []
                try? waitUntil("two windows wait") {
                    printed = Self.shapeOfStatus(try site.weir("status").split(separator: "\n").map(String.init))
                    return printed == documented
                }
                #expect(printed == documented)
            }
        }

        /// Fields that are numbers or addresses say what they are.
        private static func shapeOfRecord(_ line: String) -> String {
            line.split(separator: " ").map { field in
                field.allSatisfy(\.isNumber)
                    ? "N" : field.contains(":") ? "v6" : field.contains(".") ? "v4" : String(field)
            }.joined(separator: " ")
        }

        @Test func `records are as the README shows them`() throws {
            let documented = try Self.sample("version")
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-a", "--interval", "1", "--stdout")
                for address in ["10.9.0.2", "fd09::2"] {
                    try site.left.run(["ping", "-q", "-c", "3", "-i", "0.2", address])
                }
                for _ in 0..<3 { try site.waitForWindow() }
                let printed = daemon.stop().output.split(separator: "\n").map(String.init)
                #expect(documented.first == printed.first)
                let shapes = Set(printed.map(Self.shapeOfRecord))
                for line in documented { #expect(shapes.contains(Self.shapeOfRecord(line)), "\(line)") }
            }
        }
    }
}
