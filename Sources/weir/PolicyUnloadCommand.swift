// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HostVerdicts

struct PolicyUnloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unload", abstract: "End the policy of all ports: nothing is judged or dropped any more.")

    @OptionGroup var place: PolicyPlace

    func run() throws {
        let configuration = try place.configuration()
        let installation = try place.installation(configuration, to: "end a policy")
        try PolicyKeeper(configuration).unload(from: installation)
    }
}
