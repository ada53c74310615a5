// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

/// Samples of docs/reading.md.
enum ReadingDocument {
    /// The lines between fences of which the first begins so.
    static func block(beginningWith text: String) throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let document = try String(contentsOf: root.appending(path: "docs/reading.md"), encoding: .utf8)
        let blocks = document.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        let block = try #require(blocks.first { $0.dropFirst().hasPrefix(text) }, "\(text)")
        return block.components(separatedBy: "\n").dropFirst().dropLast()
    }
}

/// A terminal that a test types into and looks at: a window of tmux(1), whose server is the test's own.
final class TerminalWindow {
    private let socket: String
    /// Not as a daemon: Foundation takes a child for running while a process that it left holds what it inherited.
    private let server: ChildProcess
    private let environment: [String: String]

    /// Starts a command in it, after a line `before`; when the command has ended, a line `ended` with its status follows.
    init(
        _ site: Site, _ arguments: [String], columns: Int, rows: Int, environment more: [String: String] = [:]
    ) throws {
        socket = site.path("tmux-\(UUID().uuidString.prefix(8))")
        environment = site.environment.merging(["LC_ALL": "C.UTF-8", "TERM": "xterm-256color"]) { $1 }.merging(more) {
            $1
        }
        server = try ChildProcess(["tmux", "-S", socket, "-f", "/dev/null", "-D"], environment: environment)
        try waitUntil("the terminal's server listens") { FileManager.default.fileExists(atPath: socket) }
        let words = (["nsenter", "--net=\(site.hub.path)", site.executable] + arguments).map { "'\($0)'" }
        let script = "trap : INT; echo before; \(words.joined(separator: " ")); echo ended $?; exec sleep 300"
        try tmux("new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "sh", "-c", script)
    }

    deinit { server.stop() }

    @discardableResult
    private func tmux(_ arguments: String...) throws -> String {
        try ChildProcess.run(["tmux", "-S", socket] + arguments, environment: environment)
    }

    func type(_ text: String) throws { try tmux("send-keys", "-l", text) }

    /// A key by its name in tmux: `Enter`, `Escape`, `C-c`.
    func press(_ key: String) throws { try tmux("send-keys", key) }

    func resize(columns: Int, rows: Int) throws { try tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)") }

    /// The rows that it shows, without blanks at their ends.
    func screen() throws -> [String] { try tmux("capture-pane", "-p").components(separatedBy: "\n") }

    /// The same with the sequences for colours.
    func colours() throws -> String { try tmux("capture-pane", "-p", "-e") }

    /// The process of the command.
    func command() throws -> Int32 {
        let shell = try tmux("list-panes", "-F", "#{pane_pid}").trimmingCharacters(in: .whitespacesAndNewlines)
        let child = try ChildProcess.run(["ps", "--no-headers", "-o", "pid", "--ppid", shell])
        return try #require(Int32(child.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Waits until the rows are as they should be; returns them.
    @discardableResult
    func wait(_ description: String, _ condition: ([String]) -> Bool) throws -> [String] {
        var rows: [String] = []
        do {
            try waitUntil(description, within: .seconds(90)) {
                rows = try screen()
                return condition(rows)
            }
        } catch {
            throw Unexpected(description: "\(error)\n\(rows.joined(separator: "\n"))")
        }
        return rows
    }

    struct Unexpected: Error, CustomStringConvertible { let description: String }
}
