// SPDX-License-Identifier: Apache-2.0

package import Dispatch
import Glibc
import Synchronization

/// A request to end, and the wait for it. Safe to use from any thread.
package final class StopSignal: Sendable {
    private let isRequestedFlag = Atomic(false)
    private let semaphore = DispatchSemaphore(value: 0)

    package init() {}

    package var isRequested: Bool { isRequestedFlag.load(ordering: .acquiring) }

    package func request() {
        isRequestedFlag.store(true, ordering: .releasing)
        semaphore.signal()
    }

    /// Blocks the thread until a request, but not longer than that.
    package func wait(atMost duration: Duration) {
        guard !isRequested, duration > .zero else { return }
        let nanoseconds = duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
        _ = semaphore.wait(timeout: .now() + .nanoseconds(Int(nanoseconds)))
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
