// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FlowModel
import FlowStore
import Glibc
import Host
package import Logging
import Synchronization

/// Merges hours of the store that are over, on a thread of its own that yields to all others (nice 19).
package final class MergeThread: Sendable {
    private let isStopped = Atomic(false)
    private let thread: Mutex<HostThread<Void>?> = Mutex(nil)
    private let wake = DispatchSemaphore(value: 0)
    private let logger: Logger

    /// How often the store is looked at.
    private static let period = Duration.seconds(60)

    /// - Parameters:
    ///   - queue: of the store that is written.
    ///   - delivered: asked for the number of the last window that every sink has.
    package init(_ queue: StoreQueue, logger: Logger, delivered: @escaping @Sendable () -> UInt64) {
        self.logger = logger
        let started = HostThread(named: "weir-merge", privileges: .none) { [self] in
            // On Linux of this thread alone, setpriority(2).
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
            follow(queue, delivered)
        }
        thread.withLock { $0 = started }
    }

    /// Ends it; an hour that is being merged stays as it is. Blocks until the thread has noticed.
    package func stop() {
        isStopped.store(true, ordering: .relaxed)
        wake.signal()
        _ = try? thread.withLock { $0.take() }?.wait()
    }

    private var hasStopped: Bool { isStopped.load(ordering: .relaxed) }

    private func follow(_ queue: StoreQueue, _ delivered: @Sendable () -> UInt64) {
        var said: Set<String> = []
        while !hasStopped {
            guard wake.wait(timeout: .now() + Self.period / .seconds(1)) == .timedOut else { return }
            let merger = queue.makeMerger()
            do throws(StoreError) {
                while !hasStopped {
                    let now = ClockAnchor.now.realtime
                    guard case .merged = try merger.step(now: now, delivered: delivered(), isStopped: { hasStopped })
                    else { break }
                }
            } catch {
                if said.insert(error.kind).inserted { logger.warning("cannot merge an hour of the store: \(error)") }
            }
            for notice in merger.takeNotices() where said.insert(notice).inserted { logger.warning("\(notice)") }
        }
    }

}
