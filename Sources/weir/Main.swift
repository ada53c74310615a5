// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import FlowModel
import Foundation
import Host
import WeirConfiguration

/// Not asynchronous: until the daemon has given up its privileges, the process must have no thread but its first.
///
/// Exit statuses: 0 done, 1 failed, 2 the command or its configuration was not understood.
@main
struct Main {
    static func main() {
        do {
            var command = try WeirCommand.parseAsRoot(arguments)
            if command is any NeedsKernel { try KernelVersion.require() }
            try command.run()
        } catch {
            exit(report(error))
        }
    }

    /// What is not UTF-8 stands as `\\xff`, as in the names of interfaces. `unsafe`: the C library's pointers.
    private static var arguments: [String] {
        (1..<Int(CommandLine.argc)).compactMap { index in
            guard let word = unsafe CommandLine.unsafeArgv[index] else { return nil }
            if let text = unsafe String(validatingCString: word) { return text }
            return InterfaceName.text(
                of: unsafe UnsafeBufferPointer(start: word, count: strlen(word)).map { UInt8(bitPattern: $0) })
        }
    }

    private static func report(_ error: any Error) -> Int32 {
        if error is UsageError || error is ConfigurationError { return say("weir: \(error)", 2) }
        if let code = error as? ExitCode { return code.rawValue }
        switch WeirCommand.exitCode(for: error) {
        case .success: WeirCommand.exit(withError: error)
        case .validationFailure: return say(WeirCommand.fullMessage(for: error), 2)
        default: return say("weir: \(error)", 1)
        }
    }

    private static func say(_ sentence: String, _ status: Int32) -> Int32 {
        let text = LogWriter.failurePrefix + PrintableText.of(sentence, keepsLines: true) + "\n"
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
        return status
    }
}

/// A command that works on what is in the kernel. `status` asks itself, since --check has its own way to fail.
protocol NeedsKernel {}

extension AttachCommand: NeedsKernel {}
extension DetachCommand: NeedsKernel {}
extension DumpCommand: NeedsKernel {}
extension RunCommand: NeedsKernel {}
extension PolicyLoadCommand: NeedsKernel {}
extension PolicyShowCommand: NeedsKernel {}
extension PolicyUnloadCommand: NeedsKernel {}

/// What the operator asked for cannot be meant.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

struct WeirCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir",
        abstract: "Flow logs of the virtual machines on this host.",
        discussion: """
            Attaches programs to the interfaces of virtual machines, counts every packet of every flow, and writes \
            flow logs in the format of AWS VPC flow logs.

            Exit status: 0 done, 1 failed, 2 the command or its configuration was not understood.
            """,
        version: WeirVersion.current,
        subcommands: [
            AttachCommand.self, DetachCommand.self, StatusCommand.self, DumpCommand.self, LogsCommand.self,
            TopCommand.self, ChartCommand.self, VMCommand.self, RunCommand.self, PolicyCommand.self, TapCommand.self,
            ConfigCommand.self, DoctorCommand.self, ObjectCommand.self,
        ])
}

enum WeirVersion {
    static let current = "0.1.0"
}
