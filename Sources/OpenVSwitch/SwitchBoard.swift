// SPDX-License-Identifier: Apache-2.0

package import PortDirectory
import Synchronization

/// What the thread that follows the switch writes, and others read. Keeps what was known while the switch is away.
package final class SwitchBoard: Sendable {
    private struct State {
        var ports: SwitchPorts?
        var report: SwitchReport
        /// What it has notified of unasked: each is said once.
        var methods: Set<String> = []
        /// Reasons why it could not be followed, since it was last: each is said once.
        var failures: Set<String> = []
    }

    package let choice: SwitchChoice
    /// What the switch says of interfaces.
    package let directory = ListingBoard("Open vSwitch")
    /// Different things of one sort that are worth a line in a log.
    private static let mostSaid = 16
    private let state: Mutex<State>

    package init(_ choice: SwitchChoice) {
        self.choice = choice
        state = Mutex(State(report: SwitchReport(socket: choice.socket)))
    }

    package var report: SwitchReport { state.withLock(\.report) }

    /// What the switch said last; nil where it has said nothing yet.
    package var ports: SwitchPorts? { state.withLock(\.ports) }

    /// The switch says so. Returns whether it could not be followed before.
    @discardableResult
    package func take(_ ports: SwitchPorts) -> Bool {
        let isNew = state.withLock { state in
            let isNew = !state.report.isConnected
            if isNew, state.ports != nil { state.report.reconnects += 1 }
            state.report.isConnected = true
            state.report.failure = nil
            state.failures = []
            state.report.take(ports, of: choice)
            state.ports = ports
            return isNew
        }
        directory.take(PortListing(ports, of: choice))
        return isNew
    }

    /// Where records stand in, and what keeps them from that elsewhere.
    package func note(_ plan: StandInPlan) {
        state.withLock { state in
            state.report.standIns = plan.covered
            state.report.standInsLack = plan.missing
        }
    }

    /// Whether that is heard of for the first time.
    package func isFirst(_ method: String) -> Bool {
        state.withLock { $0.methods.count < Self.mostSaid && $0.methods.insert(method).inserted }
    }

    /// It cannot be followed, for that reason. Returns whether that is to be said.
    package func fail(_ failure: OVSDBFailure) -> Bool {
        state.withLock { state in
            state.report.isConnected = false
            state.report.failure = failure.description
            return state.failures.count < Self.mostSaid && state.failures.insert(failure.description).inserted
        }
    }
}
