// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel
package import FlowStore
package import Host
import Synchronization
package import SystemPackage

/// Writes windows to the store one after the other on a thread of its own, so that the meter is free for the next swap.
///
/// What waits lies in the journal; the newest few windows are in memory as well. Beyond its bound the oldest windows
/// are given up but for their totals. Called from the meter's thread; nothing but `close` waits for the store.
package final class StoreQueue: Sendable {
    let state: Mutex<State>
    private let store: Mutex<WindowStore>
    /// That are in memory at a time.
    private let mostFlows: Int
    private let queue = WorkerThread(named: "weir-store")
    /// Called on the queue's thread when the store has another window.
    private let onStored: @Sendable () -> Void
    private let stall: Stall

    /// Windows in memory; those that come while there are so many are read from the journal when it is their turn.
    private static let mostInMemory = 2

    /// - Parameters:
    ///   - bound: the most bytes of windows that wait.
    ///   - mostFlows: that are to be in memory at a time.
    ///   - stall: of the store's disk.
    package init(
        _ store: sending WindowStore, bound: Int64, mostFlows: Int, stall: Stall,
        onStored: @escaping @Sendable () -> Void
    ) {
        self.mostFlows = mostFlows
        self.stall = stall
        self.onStored = onStored
        state = Mutex(State(status: Status(store), bound: bound))
        self.store = Mutex(store)
    }

    package var status: Status { state.withLock(\.status) }

    /// Says what to call from now on when a window is stored, from the queue's thread.
    package func ring(_ bell: @escaping @Sendable () -> Void) { state.withLock { $0.bell = bell } }

    /// Goes on as the configuration says from the next window on.
    package func reconfigure(
        _ path: FilePath, _ retention: StoreRetention, bound: Int64, networks: [NamedNetwork] = []
    ) {
        state.withLock { $0.bound = bound }
        queue.async { [self] in
            withStore { store in
                store.networks = networks
                store.reconfigure(path, retention)
            }
        }
    }

    /// Begins to store what an earlier daemon left, oldest first.
    package func replay(_ segments: [Segment]) {
        state.withLock { state in
            state.waiting += segments.map { WaitingWindow(segment: $0) }
            state.status.journal.windowsReplayed += UInt64(segments.count)
            state.count()
        }
        work()
    }

    /// Begins to store a window that is safe. Its storage comes back by `takeStored`.
    package func store(_ window: consuming ClosedWindow, ports: [PortNumber: Port], from segment: Segment) {
        let isWhole = window.journaled.flows == 0
        let parcel = Parcel(WaitingWindow.Content(window: window, ports: ports))
        state.withLock { state in
            var waiting = WaitingWindow(segment: segment)
            if isWhole, state.waiting.count(where: { $0.content != nil }) < Self.mostInMemory {
                waiting.content = parcel.take()
            } else if let content = parcel.take() {
                state.stored.append(Stored(window: content.window, records: 0))
            }
            state.waiting.append(waiting)
            state.count()
        }
        work()
    }

    /// Windows whose memory is free again, in the order in which they were stored.
    package func takeStored() -> [Stored] {
        state.withLock { state in
            defer { state.stored = [] }
            return state.stored
        }
    }

    /// Tries again what waits, and deletes what the store has no room or time for.
    package func tend(now: UnixTime) {
        let isIdle = state.withLock { state in
            defer { state.isTending = true }
            return !state.isTending
        }
        // A disk that hangs must not have jobs pile up.
        guard isIdle else { return }
        queue.async { [self] in
            deliverAll()
            withStore { $0.tend(now: now) }
            state.withLock { $0.isTending = false }
        }
    }

    /// Blocks until the store has all that waits, or failed once more.
    package func close() {
        queue.sync { [self] in
            state.withLock { $0.backOff.reset() }
            deliverAll()
        }
    }

    /// Merges hours of the store that is written now.
    package func makeMerger() -> sending StoreMerger { store.withLock { $0.makeMerger() } }

    private func work() {
        queue.async { [self] in deliverAll() }
    }

    private func deliverAll() {
        while let next = state.withLock({ $0.takeNext() }) {
            guard deliver(next) else { return }
        }
    }

    private func deliver(_ waiting: consuming WaitingWindow) -> Bool {
        let parcel = Parcel(waiting)
        var outcome: WindowStore.Outcome?
        withStore { store in outcome = parcel.take().map { store.deliver($0) } }
        let (goesOn, bell) = state.withLock { state in
            state.isDelivering = nil
            defer { state.count() }
            return (state.take(outcome.take()), state.bell)
        }
        if goesOn { onStored() }
        bell?()
        return goesOn
    }

    /// Does something with the store, and takes note of what it says afterwards.
    private func withStore(_ body: (WindowStore) -> Void) {
        stall.begin()
        defer { stall.end() }
        store.withLock { store in
            body(store)
            state.withLock { state in
                state.status.take(store)
                state.count()
            }
        }
    }
}

extension StoreQueue {
    /// Gives up the oldest windows that wait while the journal holds more than its bound. Blocks on the disk.
    ///
    /// - Parameter openBytes: of the window that is not complete yet.
    package func keepBound(openBytes: Int64) {
        while let oldest = state.withLock({ $0.takeExcess(openBytes) }) {
            let result = Result { () throws(JournalError) in
                try Journal.giveUp(oldest, mostFlows: mostFlows)
            }
            state.withLock { $0.giveUp(oldest, try? result.get()) }
        }
    }
}

/// Hands something over to a job without leaving a copy of it with the job.
private final class Parcel<Content: Sendable>: Sendable {
    private let content: Mutex<Content?>

    init(_ content: consuming Content) { self.content = Mutex(content) }

    func take() -> Content? { content.withLock { $0.take() } }
}
