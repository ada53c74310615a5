// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A program that a test runs. It is ended and waited for when its owner lets go of it: no test leaves a zombie.
package final class ChildProcess: Sendable {
    /// What a program that has ended leaves.
    package struct Result: Equatable, Sendable {
        /// The exit status, or 128 and the number of the signal that ended it, as a shell has it.
        package let status: Int32
        package let output: String
        package let errors: String

        package var succeeded: Bool { status == 0 }
    }

    package let command: [String]
    package var pid: Int32 { process.withLock { $0.processIdentifier } }
    package var isRunning: Bool { process.withLock { $0.isRunning } }
    private let process: Mutex<Process>
    private let folder: URL

    /// Starts the program, found along PATH; nothing is on its standard input.
    package init(_ command: [String], environment: [String: String] = [:]) throws {
        self.command = command
        folder = FileManager.default.temporaryDirectory.appending(path: "weir-child-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // The threads of a test may have signals blocked, which a program would inherit, and then be deaf to.
        process.arguments = ["--default-signal"] + command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: a program never waits for its reader, and what it said can be read while it runs.
        let output = try Self.newFile(at: folder.appending(path: "output"))
        let errors = try Self.newFile(at: folder.appending(path: "errors"))
        process.standardOutput = output
        process.standardError = errors
        do {
            try process.run()
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
        // The program has its own by now. Process is never freed and would keep these open; with more than about 1,350 open
        // files it crashes when it starts the next program.
        try output.close()
        try errors.close()
        self.process = Mutex(process)
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func newFile(at url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }

    /// What the program has written to its standard output so far.
    package var output: String { text("output") }
    /// What the program has written to its standard error so far.
    package var errors: String { text("errors") }

    private func text(_ name: String) -> String {
        // Decoded leniently: a program may be in the middle of a character.
        String(decoding: (try? Data(contentsOf: folder.appending(path: name))) ?? Data(), as: UTF8.self)
    }

    package func signal(_ number: Int32) {
        process.withLock { process in
            if process.isRunning { kill(process.processIdentifier, number) }
        }
    }

    /// Waits for the program's end; throws where it takes longer.
    @discardableResult
    package func wait(within limit: Duration = .seconds(30)) throws -> Result {
        try waitUntil("\(command.joined(separator: " ")) ends", within: limit) { !isRunning }
        return result
    }

    /// Sends the signal, waits, and kills the program where it does not end in the time of grace.
    @discardableResult
    package func stop(_ number: Int32 = SIGTERM, grace: Duration = .seconds(15)) -> Result {
        signal(number)
        if (try? wait(within: grace)) == nil {
            signal(SIGKILL)
            process.withLock { $0.waitUntilExit() }
        }
        return result
    }

    private var result: Result {
        let status = process.withLock { process in
            process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        }
        return Result(status: status, output: output, errors: errors)
    }
}

extension ChildProcess {
    /// Runs a program to its end; throws `Failure` where it fails or takes longer, and ends it then.
    @discardableResult
    package static func run(
        _ command: [String], environment: [String: String] = [:], within limit: Duration = .seconds(30)
    ) throws -> String {
        let result = try outcome(of: command, environment: environment, within: limit)
        guard result.succeeded else { throw Failure(command: command, result: result) }
        return result.output
    }

    /// Runs a program to its end, whatever its status is.
    package static func outcome(
        of command: [String], environment: [String: String] = [:], within limit: Duration = .seconds(30)
    ) throws -> Result {
        let child = try ChildProcess(command, environment: environment)
        return try child.wait(within: limit)
    }

    package struct Failure: Error, CustomStringConvertible {
        package let command: [String]
        package let result: Result

        package var description: String {
            "\(command.joined(separator: " ")): status \(result.status): \(result.errors)\(result.output)"
        }
    }
}
