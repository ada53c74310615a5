// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
package import Host
import Synchronization
package import WeirConfiguration

/// What the daemon is asked for from outside, and the wait for it: to end, or to go on with another configuration.
///
/// Safe to use from any thread; one waits.
package final class StopSignal: Sendable {
    private let isRequestedFlag = Atomic(false)
    private let bell: Bell
    private let reason = Mutex<String?>(nil)
    private let configuration = Mutex<Configuration?>(nil)

    package init() throws(KernelError) { bell = try Bell() }

    package var isRequested: Bool { isRequestedFlag.load(ordering: .acquiring) }

    /// Why the end was requested; nil where it was not.
    package var requestReason: String? { reason.withLock(\.self) }

    /// Requests the end.
    ///
    /// - Parameter reason: for the log; the first one counts.
    package func request(because reason: String) {
        self.reason.withLock { $0 = $0 ?? reason }
        isRequestedFlag.store(true, ordering: .releasing)
        bell.ring()
    }

    /// Requests to go on with that configuration; the last one counts.
    package func request(_ configuration: Configuration) {
        self.configuration.withLock { $0 = configuration }
        bell.ring()
    }

    /// The configuration to go on with; each comes once.
    func takeConfiguration() -> Configuration? { configuration.withLock { $0.take() } }

    /// Ends a wait without requesting anything: there is something to look at.
    func nudge() { bell.ring() }

    /// Blocks the thread until a request, or until programs ring for the meter, but not longer than that.
    package func wait(atMost duration: Duration, orFor wakes: borrowing MeterWakes) {
        guard !isRequested, duration > .zero else { return }
        bell.wait(atMost: duration, orFor: wakes)
    }
}
