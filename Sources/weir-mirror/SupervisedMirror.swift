// SPDX-License-Identifier: Apache-2.0

import CopyDelivery
import Foundation
import Glibc
import Host

/// The process as `weir run` starts it: it gets the plan from the daemon, gives up its privileges, and works.
struct SupervisedMirror {
    private let parent: Int32
    private let channel: LineChannel

    init(_ parent: Int32) {
        self.parent = parent
        channel = LineChannel(Descriptor(owning: HelperProcess.channelDescriptor))
    }

    func run() throws {
        // The daemon ends this process: by a line, by closing the channel, or by its own end.
        for number in [SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        try Confinement.dieWithParent(parent)
        guard let lines = firstLines(), let line = lines.first else { return }
        let plan = try JSONDecoder().decode(MirrorPlan.self, from: Data(line.utf8))
        let isConfined = try Confinement.enter(reading: [], writing: [])
        var relay = CopyRelay(channel, plan)
        if !isConfined {
            relay.say(
                "Landlock is not possible here: what weir-mirror can open is limited by the modes of files alone")
        }
        relay.run(Array(lines.dropFirst()))
    }

    /// The plan, and what the daemon may have said right after it.
    private func firstLines() -> [String]? {
        while true {
            switch channel.receive(within: .seconds(60)) {
            case .lines(let lines): return lines
            case .nothing: continue
            case .ended: return nil
            }
        }
    }
}
