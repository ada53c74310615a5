// SPDX-License-Identifier: Apache-2.0

import FlowFormats
package import FlowModel
package import Host
import Synchronization

/// The datagrams of one sink to its collectors, each the same: counter samples and flow samples, of two threads, are numbered as one agent's.
package final class SFlowStream: Sendable {
    private struct State {
        var lines: [CollectorLine]
        var packer = SFlowPacker(subAgent: subAgent)

        mutating func ownAddress() -> IPAddress? {
            for index in lines.indices {
                if let address = lines[index].ownAddress() { return address }
            }
            return nil
        }
    }

    /// Other than what hsflowd (100000) and Open vSwitch (from 0 on) have, which may send from the same address.
    private static let subAgent: UInt32 = 200_000

    private let state: Mutex<State>
    private let agent: IPAddress?
    private let clock: any HostClock
    private let start: MonotonicTime

    /// - Parameter agent: by which collectors tell agents apart; nil is the address that datagrams to the first collector come from.
    package init(to collectors: [CollectorAddress], agent: IPAddress?, clock: any HostClock = SystemClock()) {
        state = Mutex(State(lines: collectors.map(CollectorLine.init)))
        self.agent = agent
        self.clock = clock
        start = clock.now.monotonic
    }

    /// Sends what the function adds.
    ///
    /// - Returns: what some collectors could not be sent to for, a sentence each.
    /// - Throws: where no collector can be sent to.
    func send(_ add: (inout SFlowPacker) -> Void) throws(NoCollector) -> [String] {
        try state.withLock { state throws(NoCollector) in
            guard let agent = agent ?? state.ownAddress() else { throw NoCollector(state.lines) }
            add(&state.packer)
            let uptime = start.duration(to: clock.now.monotonic).wholeNanoseconds / 1_000_000
            let datagrams = state.packer.take(agent: agent, uptime: UInt32(truncatingIfNeeded: uptime))
            for index in state.lines.indices { state.lines[index].send(datagrams) }
            guard state.lines.contains(where: { $0.failure == nil }) else { throw NoCollector(state.lines) }
            return state.lines.compactMap { $0.failure.map { "\($0)" } }
        }
    }

    /// What the kernel has taken, and what not, of all collectors.
    var datagrams: (sent: UInt64, dropped: UInt64) {
        state.withLock { state in
            (state.lines.reduce(0) { $0 + $1.datagrams }, state.lines.reduce(0) { $0 + $1.dropped })
        }
    }
}

/// No collector can be sent to.
struct NoCollector: Error, CustomStringConvertible {
    let description: String

    init(_ lines: [CollectorLine]) {
        description = lines.compactMap { $0.failure.map { "\($0)" } }.joined(separator: "; ")
    }
}
