// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WeirConfiguration

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure ports and write their flow logs: the daemon, in the foreground.",
        discussion: """
            Without --port or --ovs and without ports in the configuration, the interfaces of virtual machines are \
            measured: \(Configuration.usualGuestPorts.joined(separator: ", ")). Interfaces that match later are attached \
            when they come.
            """)

    @OptionGroup var options: RunOptions

    func run() throws {
        // A value alone: the command itself may not go to another thread.
        let options = options
        let load: @Sendable () throws -> Configuration = { try options.merged().root }
        try RunSession(configuration: try load(), load: load).run()
    }
}
