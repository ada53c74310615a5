// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import Host
import HostVerdicts
import WeirConfiguration

struct PolicyShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the policy in force: ports, modes, groups and rules.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: PolicyPlace

    func run() throws {
        let configuration = try place.configuration()
        let directory = PinDirectory(base: configuration.bpffs)
        guard let installation = try Installation.open(directory, rights: .read),
            let report = try PolicyKeeper(configuration).report(of: installation)
        else {
            if json {
                Output.print("null")
            } else {
                Output.print("No policy is in force under \(configuration.bpffs).")
            }
            return
        }
        if json {
            try Output.printJSON(PolicyText(report).facts)
        } else {
            Output.print(PolicyText(report).textWithRules)
        }
    }
}
