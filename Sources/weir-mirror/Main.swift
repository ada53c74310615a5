// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Host

/// Sends copies of frames that the kernel's programs put into a ring. Exit statuses: 0 done, 1 failed, 2 the command was not understood.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir-mirror",
        abstract: "Send copies of frames of ports whose programs cannot send them.",
        discussion: """
            weir run starts this program by itself where a tap session has such a port for a source: a port that a switch reads through \
            AF_XDP, or a port that is attached with the hook xdp. It hands over the ring that the copies lie in, so that this program \
            cannot be run by hand.
            """)

    /// The process that started this one, and talks to it on descriptor 3.
    @Option(help: .hidden)
    var supervisor: Int32?

    func validate() throws {
        if supervisor == nil { throw ValidationError("weir run starts this program: it is of no use by hand") }
    }

    func run() throws {
        guard let supervisor else { return }
        try SupervisedMirror(supervisor).run()
    }
}
