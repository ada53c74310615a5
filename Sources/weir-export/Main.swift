// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowExport
import Foundation
import Host
import WeirConfiguration

/// Delivers the records of the store to sinks. Exit statuses: 0 done, 1 failed, 2 the command or its configuration was not understood.
@main
struct Main {
    static func main() {
        do {
            let command = try ExportCommand.parse()
            try command.run()
        } catch let error as ConfigurationError {
            exit(say("\(error)", 2))
        } catch {
            switch ExportCommand.exitCode(for: error) {
            case .success: ExportCommand.exit(withError: error)
            case .validationFailure: ExportCommand.exit(withError: error)
            default: exit(say("\(error)", 1))
            }
        }
    }

    private static func say(_ sentence: String, _ status: Int32) -> Int32 {
        try? FileHandle.standardError.write(contentsOf: Data("weir-export: \(sentence)\n".utf8))
        return status
    }
}

struct ExportCommand: ParsableArguments {
    static let configuration = CommandConfiguration(
        commandName: "weir-export",
        abstract: "Deliver the records of the store to the sinks of the configuration.",
        discussion: """
            weir run starts this program by itself. Run it by hand, or as a service of its own, to deliver the records of a store that \
            no daemon writes, or as another user.

            Example: weir-export --config /etc/weir/weir.yaml
            """)

    @Option(help: "Configuration file (WEIR_CONFIG, /etc/weir/weir.yaml).", completion: .file(extensions: ["yaml"]))
    var config: String?

    @Flag(help: "Deliver what the store has, and end.")
    var once = false

    /// The process that started this one, and talks to it on descriptor 3.
    @Option(help: .hidden)
    var supervisor: Int32?

    func run() throws {
        // A reader of standard output that goes away must not take the process with it; nor a file that may not grow.
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
        if let supervisor { return try SupervisedExport(supervisor).run() }
        let configuration = try Configuration.load(
            flags: ConfigurationLayer(of: ConfigurationKeys.all), configFile: config,
            environment: ProcessInfo.processInfo.environment)
        try ExportByHand(configuration, once: once).run()
    }
}
