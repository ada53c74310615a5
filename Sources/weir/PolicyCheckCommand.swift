// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowVerdict
import HostVerdicts

struct PolicyCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say whether a policy can be loaded, and what it becomes.",
        discussion: "Changes nothing and needs no privileges.")

    @Argument(help: "File of the policy.", completion: .file(extensions: ["yaml"]))
    var file: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let facts = try PolicyFacts(PolicyDocument(path: file))
        if json { try Output.printJSON(facts) } else { Output.print("\(file): \(facts.text)") }
    }
}
