// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import Host
import Synchronization
import WeirConfiguration

/// Publishes windows one after the other on a thread of its own, so that the meter is free for the next swap.
///
/// What waits lies in the journal; the newest few windows are in memory as well. Beyond its bound the oldest windows
/// are given up but for their totals. Called from the meter's thread; nothing but `close` waits for a sink.
final class PublishingQueue: Sendable {
    let state: Mutex<State>
    private let publisher: Mutex<Publisher>
    /// That are in memory at a time.
    private let mostFlows: Int
    private let queue = WorkerThread(named: "weir-publisher")

    /// Windows in memory; those that come while there are so many are read from the journal when it is their turn.
    private static let mostInMemory = 2

    private let stall: Stall

    /// - Parameters:
    ///   - bound: the most bytes of windows that wait.
    ///   - mostFlows: that are to be in memory at a time.
    ///   - stall: of the sinks.
    init(_ publisher: sending Publisher, bound: Int64, mostFlows: Int, stall: Stall) {
        self.mostFlows = mostFlows
        self.stall = stall
        state = Mutex(State(status: Status(publisher), bound: bound))
        self.publisher = Mutex(publisher)
    }

    var status: Status { state.withLock(\.status) }

    /// Says what to ring from now on when a window is published.
    func ring(_ bell: StopSignal) { state.withLock { $0.bell = bell } }

    /// Writes from now on as that configuration says; what stands in files is published before.
    func reconfigure(_ configuration: Configuration) {
        state.withLock { $0.bound = Int64(configuration.queueSize) }
        queue.async { [self] in withPublisher { $0.reconfigure(configuration) } }
    }

    /// Begins to publish what an earlier daemon left, oldest first.
    func replay(_ segments: [Segment]) {
        state.withLock { state in
            state.waiting += segments.map { Waiting(segment: $0) }
            state.status.windowsReplayed += UInt64(segments.count)
            state.count()
        }
        work()
    }

    /// Begins to publish a window that is safe. Its storage comes back by `takePublished`.
    func publish(_ window: consuming ClosedWindow, ports: [PortNumber: Port], from segment: Segment) {
        let isWhole = window.journaled.flows == 0
        let parcel = Parcel(Waiting.Content(window: window, ports: ports))
        state.withLock { state in
            var waiting = Waiting(segment: segment)
            if isWhole, state.waiting.count(where: { $0.content != nil }) < Self.mostInMemory {
                waiting.content = parcel.take()
            } else if let content = parcel.take() {
                state.published.append(Published(window: content.window, lines: 0))
            }
            state.waiting.append(waiting)
            state.count()
        }
        work()
    }

    /// Windows whose memory is free again, in the order of their publishing.
    func takePublished() -> [Published] {
        state.withLock { state in
            defer { state.published = [] }
            return state.published
        }
    }

    /// Tries again what waits, and looks after files that are due although no window comes.
    func tend(now: UnixTime) {
        let isIdle = state.withLock { state in
            defer { state.isTending = true }
            return !state.isTending
        }
        // A sink that hangs must not have its jobs pile up.
        guard isIdle else { return }
        queue.async { [self] in
            deliverAll()
            withPublisher { $0.publishDue(now: now) }
            state.withLock { $0.isTending = false }
        }
    }

    /// Publishes all that is open; blocks until every sink has taken what waits, or failed once more.
    func close() {
        queue.sync { [self] in
            state.withLock { $0.backOff.reset() }
            deliverAll()
            withPublisher { $0.close() }
        }
    }

    private func work() {
        queue.async { [self] in deliverAll() }
    }

    private func deliverAll() {
        while let next = state.withLock({ $0.takeNext() }) {
            guard deliver(next) else { return }
        }
    }

    private func deliver(_ waiting: consuming Waiting) -> Bool {
        let parcel = Parcel(waiting)
        var outcome: Publisher.Outcome?
        withPublisher { publisher in outcome = parcel.take().map { publisher.deliver($0) } }
        return state.withLock { state in
            state.isDelivering = nil
            defer {
                state.count()
                state.bell?.nudge()
            }
            switch outcome.take() {
            case .taken(let content, let lines):
                state.backOff.reset()
                state.status.windowsPublished += 1
                state.published.append(Published(window: content.window, lines: lines))
                return true
            case .unreadable, nil:
                state.status.segmentsLost += 1
                return true
            case .failed(let again):
                state.backOff.fail()
                state.waiting.insert(again, at: 0)
                return false
            }
        }
    }

    /// Does something with the publisher, and takes note of what it says afterwards.
    private func withPublisher(_ body: (Publisher) -> Void) {
        stall.begin()
        defer { stall.end() }
        let (status, staged, dropped) = publisher.withLock { publisher in
            body(publisher)
            let dropped = publisher.takeDropped()
            return (Status(publisher), publisher.staged, dropped)
        }
        state.withLock { state in
            state.status.take(status)
            state.staged = staged
            state.waiting.insert(contentsOf: dropped.map { Waiting(segment: $0, isPrinted: true) }, at: 0)
            state.count()
        }
    }
}

extension PublishingQueue {
    /// Gives up the oldest windows that wait while the journal holds more than its bound. Blocks on the disk.
    ///
    /// - Parameter openBytes: of the window that is not complete yet.
    func keepBound(openBytes: Int64) {
        while let oldest = state.withLock({ $0.takeExcess(openBytes) }) {
            let result = Result { () throws(JournalError) in
                try Journal.giveUp(oldest, mostFlows: mostFlows)
            }
            state.withLock { $0.giveUp(oldest, try? result.get()) }
        }
        guard state.withLock({ $0.needsRoom(openBytes) && !$0.staged.isEmpty }) else { return }
        queue.async { [self] in withPublisher { $0.publishEarly() } }
    }
}

/// Hands something over to a job without leaving a copy of it with the job.
private final class Parcel<Content: Sendable>: Sendable {
    private let content: Mutex<Content?>

    init(_ content: consuming Content) { self.content = Mutex(content) }

    func take() -> Content? { content.withLock { $0.take() } }
}
