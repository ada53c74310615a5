// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
import FlowModel
package import FlowVerdict

extension StoreQueue {
    /// What the store has said when it was asked last, and what the queue did.
    package struct Status: Sendable {
        package var journal = JournalReport()
        package var store = StoreReport()
        package var newestSequence: UInt64?
        package var verdicts = VerdictCounts()
        /// How often a window could not be given up; these are failures of the journal.
        var giveUpFailures: UInt64 = 0
    }

    /// A window that the queue hands back: the store has it, or it is not kept in memory (then without records).
    package struct Stored: Sendable {
        package var window: ClosedWindow
        package let records: Int
    }

    /// How long a store that fails is left alone: 1 s, 2 s, then 4 s.
    struct BackOff: Sendable {
        private var pause = Duration.zero
        private var until: ContinuousClock.Instant?

        var isOver: Bool { until.map { ContinuousClock.now >= $0 } ?? true }

        mutating func fail() {
            pause = min(max(pause * 2, .seconds(1)), .seconds(4))
            until = .now + pause
        }

        mutating func reset() { self = BackOff() }
    }

    struct State: Sendable {
        var status: Status
        /// The most bytes that segments may take.
        var bound: Int64
        /// Oldest first.
        var waiting: [WaitingWindow] = []
        var isDelivering: Segment?
        var stored: [Stored] = []
        var backOff = BackOff()
        var isTending = false
        var bell: (@Sendable () -> Void)?

        init(status: Status, bound: Int64) {
            self.status = status
            self.bound = bound
        }
    }
}

extension StoreQueue.State {
    /// The window whose turn it is; nil while there is none, or while the store is left alone.
    mutating func takeNext() -> WaitingWindow? {
        guard let first = waiting.first, !first.isBusy, backOff.isOver else { return nil }
        isDelivering = first.segment
        return waiting.removeFirst()
    }

    /// Looks how much there is.
    mutating func count() {
        let segments = waiting.map(\.segment) + [isDelivering].compactMap(\.self)
        status.journal.bytes = UInt64(segments.reduce(0) { $0 + $1.bytes })
        status.journal.windowsWaiting = segments.count
    }

    /// Takes note of what became of a window. Whether the next one can have its turn.
    mutating func take(_ outcome: WindowStore.Outcome?) -> Bool {
        switch outcome {
        case .stored(let content, let records):
            backOff.reset()
            status.store.windowsStored += 1
            status.store.records += UInt64(records)
            stored.append(StoreQueue.Stored(window: content.window, records: records))
            return true
        case .unreadable, nil:
            return true
        case .failed(let again):
            backOff.fail()
            waiting.insert(again, at: 0)
            return false
        }
    }

    func needsRoom(_ openBytes: Int64) -> Bool { Int64(status.journal.bytes) + openBytes > bound }

    /// The oldest window whose flows can be given up, where there is too much. The newest is never given up: it may
    /// just not have had its turn.
    mutating func takeExcess(_ openBytes: Int64) -> Segment? {
        guard needsRoom(openBytes),
            let oldest = waiting.dropLast().firstIndex(where: { !$0.isGivenUp && !$0.isBusy })
        else { return nil }
        waiting[oldest].isBusy = true
        return waiting[oldest].segment
    }

    /// Notes what became of it; nil where it failed.
    mutating func giveUp(
        _ segment: Segment, _ result: (segment: Segment, flows: Int, packets: PacketCount)?
    ) {
        guard let place = waiting.firstIndex(where: { $0.segment.path == segment.path }) else { return }
        waiting[place].isBusy = false
        waiting[place].isGivenUp = true
        guard let result else {
            status.giveUpFailures += 1
            status.journal.failures? += 1
            return
        }
        waiting[place].content = nil
        waiting[place].segment = result.segment
        status.journal.windowsGivenUp += 1
        status.journal.recordsGivenUp += UInt64(result.flows)
        status.journal.packetsGivenUp += result.packets.packets
        count()
    }
}

extension StoreQueue.Status {
    init(_ store: WindowStore) {
        self.init()
        take(store)
    }

    /// Takes over what a store says.
    mutating func take(_ store: WindowStore) {
        self.store.contents = store.contents
        self.store.failure = store.failure
        self.store.failures = store.storeFailures
        journal.failure = store.journalFailure
        journal.failures = store.journalFailures + giveUpFailures
        journal.damagedSegments = store.damaged
        newestSequence = store.newestSequence
        verdicts = store.verdicts
    }
}
