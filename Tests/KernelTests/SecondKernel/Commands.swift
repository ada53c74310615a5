// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
internal import Foundation

/// The command `weir` of this build, or of another, with pins and files of its own.
final class Commands {
    private let namespace: NetworkNamespace
    private let folder = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString)")
    private let pins = "/sys/fs/bpf/weir-t-\(UUID().uuidString)"
    /// The build that has measured last.
    private var latest = binary
    private static let binary = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "weir").path

    init(in namespace: NetworkNamespace) throws {
        self.namespace = namespace
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        _ = try? namespace.outcome(of: [latest, "detach", "--all", "--bpffs", pins])
        try? FileManager.default.removeItem(at: folder)
    }

    func run(_ arguments: [String]) throws { try namespace.run([Self.binary] + arguments + ["--bpffs", pins]) }

    /// - Parameter wrapper: what starts a shell that gets the command.
    func outcome(_ arguments: [String], by wrapper: [String]) throws -> ChildProcess.Result {
        let words = [Self.binary] + arguments + ["--bpffs", pins]
        return try namespace.outcome(of: wrapper + ["-c", words.joined(separator: " ")])
    }

    /// A flow log line.
    struct Line: Decodable {
        let srcaddr: String?
        let dstport: UInt16?
        let packets: UInt64
        let bytes: UInt64

        func isFrom(_ address: IPAddress) -> Bool { srcaddr == "\(address)" }
    }

    /// Starts the daemon of that build on the ports that are attached, ends it after the body, and detaches them. What was
    /// logged.
    func measure(by command: String, _ body: () throws -> Void) throws -> [Line] {
        let options = [
            "--bpffs", pins, "--state-dir", folder.path, "--socket", "\(folder.path)/socket", "--interval", "1",
            "--format", "json", "--stdout", "--port", "port0",
        ]
        latest = command
        let daemon = try namespace.start([command, "run"] + options)
        try waitUntil("the daemon has closed a window", within: .seconds(60)) {
            guard daemon.isRunning else { throw Traffic.Ended(errors: daemon.errors) }
            return !daemon.output.isEmpty
        }
        try body()
        let result = daemon.stop(15, grace: .seconds(30))
        guard result.succeeded else { throw Traffic.Ended(errors: result.errors) }
        try namespace.run([command, "detach", "--all", "--bpffs", pins])
        return result.output.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }
}
