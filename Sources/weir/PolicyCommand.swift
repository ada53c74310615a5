// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Security groups: check, load, show and explain them.",
        discussion: """
            A policy says which flows of a port are allowed, in the words of OpenStack's and AWS's security groups. It is \
            only audited (records say what it would do) but on ports where it is to be enforced: docs/verdicts.md.
            """,
        subcommands: [
            PolicyCheckCommand.self, PolicyLoadCommand.self, PolicyUnloadCommand.self, PolicyShowCommand.self,
            PolicyExplainCommand.self,
        ])
}
