// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WeirDaemon

@Suite struct StartStepTests {
    private struct Failure: Error, Equatable { let step: String }

    /// What was done and undone, as the steps wrote it.
    private struct Log: ~Copyable { var lines: [String] = [] }

    /// Steps that write down what is done; the one of that name throws.
    private static func steps(_ names: [String], failingAt failing: String? = nil) -> [StartStep<Log>] {
        names.map { name in
            StartStep(name) { log in
                if name == failing { throw Failure(step: name) }
                log.lines.append("do \(name)")
            } undo: { log in
                log.lines.append("undo \(name)")
            }
        }
    }

    @Test func `steps run in their order, and nothing is undone where all succeed`() throws {
        var log = Log()
        try StartStep.run(Self.steps(["lock", "store", "policy"]), on: &log)
        #expect(log.lines == ["do lock", "do store", "do policy"])
    }

    @Test(arguments: [
        ("lock", []),
        ("store", ["do lock", "undo lock"]),
        ("policy", ["do lock", "do store", "undo store", "undo lock"]),
        ("ports", ["do lock", "do store", "do policy", "undo policy", "undo store", "undo lock"]),
    ])
    func `a step that fails undoes those before it, the last one first, and not itself`(
        failing: String, expected: [String]
    ) {
        var log = Log()
        #expect(throws: Failure(step: failing)) {
            try StartStep.run(Self.steps(["lock", "store", "policy", "ports"], failingAt: failing), on: &log)
        }
        #expect(log.lines == expected)
    }

    /// The order is the design: the lock comes before what it protects, the policy before the ports, the parts that others can see last.
    @Test func `the daemon's start is a list of these steps`() {
        #expect(
            Daemon.startSteps.map(\.name) == [
                "check capabilities", "make the directory of pins", "lock the directory of pins",
                "take the state directory", "open the store", "open the journal", "start weir-export",
                "publish the board", "follow the host", "start the providers", "follow QEMU's processes",
                "follow the switch",
                "take over from another version", "open the tables", "load the policy", "make the meter",
                "make the port watch",
            ])
    }
}
