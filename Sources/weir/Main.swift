// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import WeirDaemon

/// Not asynchronous: until the daemon has given up its privileges, the process must have no thread but its first.
///
/// Exit statuses: 0 done, 1 failed, 2 the command or its configuration was not understood.
@main
struct Main {
    static func main() {
        do {
            var command = try WeirCommand.parseAsRoot()
            try command.run()
        } catch {
            exit(report(error))
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
        try? FileHandle.standardError.write(contentsOf: Data((LogWriter.failurePrefix + sentence + "\n").utf8))
        return status
    }
}

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
            AttachCommand.self, DetachCommand.self, StatusCommand.self, DumpCommand.self, RunCommand.self,
            PolicyCommand.self, DoctorCommand.self, ObjectCommand.self,
        ])
}

enum WeirVersion {
    static let current = "0.1.0"
}
