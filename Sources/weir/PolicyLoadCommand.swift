// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import FlowVerdict
import Foundation
import HostVerdicts

struct PolicyLoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Put a policy in force, in one step for all ports, in the place of what was.",
        discussion: """
            Works with and without a daemon. Flows that were judged already are judged anew. A file with an error changes \
            nothing. The policy is kept for ports that are attached later, and for the daemon's next start.
            """)

    @Argument(help: "File of the policy.", completion: .file(extensions: ["yaml"]))
    var file: String

    @OptionGroup var place: PolicyPlace

    func run() throws {
        let configuration = try place.configuration()
        // Read once: a pipe has no more.
        let text = try PolicyDocument.text(of: file)
        _ = try PolicyFacts(PolicyDocument(path: file, content: Data(text.utf8)))
        let installation = try place.installation(configuration, to: "load a policy")
        let keeper = PolicyKeeper(configuration)
        try keeper.load(text, of: file, into: installation)
        if let report = try keeper.report(of: installation) { Output.print(PolicyText(report).text) }
    }
}
