// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WeirConfiguration

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The configuration: what is in force, and what can be said.",
        subcommands: [ConfigShowCommand.self, ConfigKeysCommand.self])
}

struct ConfigShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print every key as it is in force, and where its value comes from.",
        discussion: """
            Takes the flags of weir run, the environment and the configuration file, and prints what weir run with the same flags \
            would take: a configuration file with the source of each value behind it.

            Example: weir config show --config /etc/weir/weir.yaml
            """)

    @OptionGroup var options: RunOptions

    @Flag(help: "Print JSON: for each key its value and its source.")
    var json = false

    func run() throws {
        let shown = try options.merged().shown
        if json { try Output.printJSON(shown.json) } else { Output.print(shown.yaml) }
    }
}

struct ConfigKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Print the keys of the configuration file, with their defaults and bounds.",
        discussion: """
            Prints the tables of docs/configuration.md in Markdown.

            Example: weir config keys
            """)

    @Flag(help: "The keys of an entry of ports.")
    var ports = false

    func run() throws {
        Output.print(ports ? ConfigurationKeys.markdownOfPorts : ConfigurationKeys.markdown)
    }
}
