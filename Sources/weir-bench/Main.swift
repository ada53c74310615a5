// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// Exit statuses: 0 done, 1 failed, 2 the command was not understood.
@main
struct Main {
    static func main() {
        do {
            var command = try BenchCommand.parseAsRoot()
            try command.run()
        } catch {
            exit(report(error))
        }
    }

    private static func report(_ error: any Error) -> Int32 {
        switch BenchCommand.exitCode(for: error) {
        case .success: BenchCommand.exit(withError: error)
        case .validationFailure: return say(BenchCommand.fullMessage(for: error), 2)
        default: return say("weir-bench: \(error)", 1)
        }
    }

    private static func say(_ sentence: String, _ status: Int32) -> Int32 {
        FileHandle.standardError.write(Data((sentence + "\n").utf8))
        return status
    }
}
