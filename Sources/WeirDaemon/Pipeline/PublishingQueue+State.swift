// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowMeter
import FlowModel
import FlowStore
import FlowVerdict

extension PublishingQueue {
    /// What the sinks have said when they were asked last, and what the queue did.
    struct Status: Sendable {
        var counts = ExportCounts()
        var store: StoreContents?
        var failure: String?
        var sinkFailures: UInt64 = 0
        var journalFailure: String?
        /// Of the publisher, and of the queue when it gave windows up.
        var journalFailures: UInt64 { publisherJournalFailures + giveUpFailures }
        var publisherJournalFailures: UInt64 = 0
        var giveUpFailures: UInt64 = 0
        var hasReaders = true
        /// Names of segments of which something could not be read.
        var damaged: [String] = []
        /// Of segments whose window is complete.
        var journalBytes: Int64 = 0
        var segmentsWaiting = 0
        var windowsPublished: UInt64 = 0
        var windowsReplayed: UInt64 = 0
        var segmentsLost: UInt64 = 0
        var windowsGivenUp: UInt64 = 0
        var recordsGivenUp: UInt64 = 0
        var packetsGivenUp = PacketCount.zero
        var verdicts = VerdictCounts()
    }

    /// A window that is published, handed back; or one that is not kept in memory, without lines.
    struct Published: Sendable {
        var window: ClosedWindow
        let lines: Int
    }

    /// How long a sink that fails is left alone: 1 s, 2 s, then 4 s.
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
        var waiting: [Waiting] = []
        /// In files that are not published yet.
        var staged: [Segment] = []
        var isDelivering: Segment?
        var published: [Published] = []
        var backOff = BackOff()
        var isTending = false
        var bell: StopSignal?

        init(status: Status, bound: Int64) {
            self.status = status
            self.bound = bound
        }
    }
}

extension PublishingQueue.State {
    /// The window whose turn it is; nil while there is none, or while the sinks are left alone.
    mutating func takeNext() -> Waiting? {
        guard let first = waiting.first, !first.isBusy, backOff.isOver else { return nil }
        isDelivering = first.segment
        return waiting.removeFirst()
    }

    /// Looks how much there is.
    mutating func count() {
        let segments = waiting.map(\.segment) + staged + [isDelivering].compactMap(\.self)
        status.journalBytes = segments.reduce(0) { $0 + $1.bytes }
        status.segmentsWaiting = segments.count
    }

    func needsRoom(_ openBytes: Int64) -> Bool { status.journalBytes + openBytes > bound }

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
            return
        }
        waiting[place].content = nil
        waiting[place].segment = result.segment
        status.windowsGivenUp += 1
        status.recordsGivenUp += UInt64(result.flows)
        status.packetsGivenUp += result.packets
        count()
    }
}

extension PublishingQueue.Status {
    init(_ publisher: Publisher) {
        counts = publisher.counts
        store = publisher.contents
        failure = publisher.failure
        sinkFailures = publisher.sinkFailures
        journalFailure = publisher.journalFailure
        publisherJournalFailures = publisher.journalFailures
        hasReaders = publisher.hasReaders
        damaged = publisher.damaged
        verdicts = publisher.verdicts
    }

    /// Takes over what a publisher says.
    mutating func take(_ status: Self) {
        counts = status.counts
        store = status.store
        failure = status.failure
        sinkFailures = status.sinkFailures
        journalFailure = status.journalFailure
        publisherJournalFailures = status.publisherJournalFailures
        hasReaders = status.hasReaders
        damaged = status.damaged
        verdicts = status.verdicts
    }
}
