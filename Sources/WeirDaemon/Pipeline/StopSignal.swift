// SPDX-License-Identifier: Apache-2.0

package import Dispatch
package import FlowKernel
import Glibc
import Synchronization

/// A request to end, and the wait for it. Safe to use from any thread; one waits.
package final class StopSignal: Sendable {
    private let isRequestedFlag = Atomic(false)
    private let bell: Bell

    package init() throws(KernelError) { bell = try Bell() }

    package var isRequested: Bool { isRequestedFlag.load(ordering: .acquiring) }

    package func request() {
        isRequestedFlag.store(true, ordering: .releasing)
        bell.ring()
    }

    /// Ends a wait without requesting anything: there is something to look at.
    func nudge() { bell.ring() }

    /// Blocks the thread until a request, or until programs ring for the meter, but not longer than that.
    package func wait(atMost duration: Duration, orFor wakes: borrowing MeterWakes) {
        guard !isRequested, duration > .zero else { return }
        bell.wait(atMost: duration, orFor: wakes)
    }

    /// Takes these signals as requests from now on. The sources must be kept.
    package func listen(to signals: [CInt]) -> [any DispatchSourceSignal] {
        signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { self.request() }
            source.resume()
            return source
        }
    }
}
