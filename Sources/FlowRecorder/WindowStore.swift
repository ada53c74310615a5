// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowMeter
package import FlowModel
package import FlowStore
package import FlowVerdict
package import Logging
import PortDirectory
package import SystemPackage

/// Judges and names complete windows, each once, writes them to the store, and deletes their segments of the journal.
///
/// A window that the store did not take stays in the journal and is handed over again. A failure is logged once for as long as it lasts. Used
/// from one thread; blocks on the disk.
package final class WindowStore {
    /// What a window is judged by.
    package var judges: JudgeChain
    /// By which addresses are named, beside the machines of the window's ports.
    package var networks: [NamedNetwork] = []
    /// Asked for the number of the last window that every sink has.
    package var delivered: @Sendable () -> UInt64 = { .max }
    /// Flows that are read from a segment of the journal at a time.
    package var mostFlows = Int.max { didSet { store.limit(lines: mostFlows) } }
    /// What became of the packets of all windows that were stored.
    package private(set) var verdicts = VerdictCounts()
    /// How often the store began to fail.
    package private(set) var storeFailures: UInt64 = 0
    /// How often the journal began to fail when windows were taken from it.
    package private(set) var journalFailures: UInt64 = 0
    /// Names of segments of the journal of which something could not be read.
    package private(set) var damaged: [String] = []

    private var store: StoreWriter
    /// Read again, and not in force yet: the folder cannot be used.
    private var next: (path: FilePath, retention: StoreRetention)?
    /// A segment that has left the journal, though not on the disk yet: after a crash it would be there again.
    private var left: Segment?
    private let logger: Logger
    /// What each of them failed with last.
    private var failures: [Step: Failure] = [:]
    /// Kinds of failures that were said since all was well.
    private var said: Set<String> = []

    /// What can fail, and work again, apart from the other.
    private enum Step: CaseIterable { case storing, expiring, reconfiguring }

    private struct Failure {
        let text: String
        let isOfJournal: Bool
    }

    /// What became of a window.
    package enum Outcome {
        /// In the store. What was in memory comes back.
        case stored(WaitingWindow.Content, records: Int)
        /// To be tried again.
        case failed(WaitingWindow)
        /// Nothing of it can be read any more.
        case unreadable
    }

    package init(_ store: StoreWriter, judges: JudgeChain, logger: Logger) {
        self.store = store
        self.judges = judges
        self.logger = logger
    }

    /// What the store failed with last; nil while all is well.
    package var failure: String? { failure(ofJournal: false) }

    /// What the journal failed with last; nil while all is well.
    package var journalFailure: String? { failure(ofJournal: true) }

    private func failure(ofJournal isOfJournal: Bool) -> String? {
        Step.allCases.lazy.compactMap { self.failures[$0] }.first { $0.isOfJournal == isOfJournal }?.text
    }

    /// What is in the store.
    package var contents: StoreContents { store.contents }

    /// The highest number of a window in the store.
    package var newestSequence: UInt64? { store.newestSequence }

    /// Judges the window and writes it to the store, unless it is there already; then its segment of the journal goes.
    package func deliver(_ waiting: consuming WaitingWindow) -> Outcome {
        var waiting = waiting
        do {
            let pieces = JournaledPieces(waiting.segment, mostFlows: waiting.content == nil ? mostFlows : .max)
            guard var content = try takeContent(&waiting, pieces) else { return .unreadable }
            let records: Int
            do {
                records = try store(&content, pieces, waiting.segment)
                FaultPoint.reach(.beforeSegmentDelete)
                try Journal.delete(waiting.segment)
                left = waiting.segment
            } catch {
                if pieces.count == 1 { waiting.content = content }
                throw error
            }
            succeed(.storing)
            return .stored(content, records: records)
        } catch {
            store.abandon()
            note(.storing, error)
            return .failed(waiting)
        }
    }

    /// Of a window that is read in pieces, the first.
    private func takeContent(
        _ waiting: inout WaitingWindow, _ pieces: JournaledPieces
    ) throws(JournalError) -> WaitingWindow.Content? {
        if let content = waiting.content.take() { return content }
        guard let content = try read(waiting.segment, pieces) else { return nil }
        guard let journaled = JournaledWindow(content) else {
            noteDamage(waiting.segment, "nothing of it can be read; it was put aside")
            try Journal.setAside(waiting.segment)
            return nil
        }
        if journaled.isDamaged { noteDamage(waiting.segment, "what is missing is overflow now (SKIPDATA)") }
        return WaitingWindow.Content(window: journaled.closed, ports: journaled.ports)
    }

    /// The first piece; nil where the segment was removed, which is logged.
    private func read(_ segment: Segment, _ pieces: JournaledPieces) throws(JournalError) -> SegmentContent? {
        do throws(JournalError) { return try pieces.content(0) } catch {
            guard error.reason == .noSuchFileOrDirectory else { throw error }
            noteDamage(segment, "another process removed it, and its flows are lost")
            return nil
        }
    }

    private func noteDamage(_ segment: Segment, _ consequence: String) {
        guard !damaged.contains(segment.name) else { return }
        damaged.append(segment.name)
        logger.error("the journal's segment \(segment.name) is damaged: \(consequence)")
    }

    /// - Parameter content: the first piece; afterwards the last.
    /// - Returns: how many records were written.
    private func store(
        _ content: inout WaitingWindow.Content, _ pieces: JournaledPieces, _ segment: Segment
    ) throws -> Int {
        guard try !store.holds(segment.identity) else { return 0 }
        let window = content.window.window
        try store.begin(window, segment.identity)
        let (records, verdicts) = try append(&content, pieces)
        try store.end(window.metadata)
        self.verdicts.add(verdicts)
        return records
    }

    private func append(
        _ content: inout WaitingWindow.Content, _ pieces: JournaledPieces
    ) throws(JournalError) -> (records: Int, verdicts: VerdictCounts) {
        var judgement = judges.judgement(of: content.window.window)
        var names = RecordNames(NameTable(content.ports.values, networks))
        var records = 0
        var receivers: Set<PortNumber> = []
        let store = store
        for piece in 0..<pieces.count {
            if piece > 0 {
                // Not both at a time.
                content.window.flows = FlowTable()
                content.window.flows = try pieces.read(piece)?.closed.flows ?? FlowTable()
            }
            receivers.formUnion(content.window.receivers(ports: content.ports))
            content.window.forEachRecord(ports: content.ports, judgedBy: &judgement, namedBy: &names) { record in
                store.append(record)
                records += 1
            }
        }
        for entry in content.window.others(ports: content.ports, receivers: receivers, judgedBy: &judgement) {
            store.append(entry)
            records += 1
        }
        return (records, judgement.counts)
    }
}

extension WindowStore {
    /// Deletes what is too old or too much, and changes over to another store that was asked for.
    package func tend(now: UnixTime) {
        attempt(.expiring) {
            try self.synchronizeJournal()
            try self.store.expire(now: now, delivered: self.delivered())
        }
        if next != nil { attempt(.reconfiguring) { try self.changeOver() } }
    }

    /// Sees to it that the store forgets no window that a crash would bring back to the journal: it would be judged and stored again.
    private func synchronizeJournal() throws {
        guard let segment = left else { return }
        do { try HeldFolder.synchronize(nameOf: segment.path) } catch Errno.noSuchFileOrDirectory {}
        left = nil
    }

    /// Merges hours of the store that is written now.
    ///
    /// - Parameter groupRows: of a row group of a merged file; nil: as many as there is memory for.
    package func makeMerger(groupRows: Int? = nil) -> sending StoreMerger {
        store.makeMerger(groupRows: groupRows)
    }

    /// Goes on with another store or retention from the next window on. Where the store cannot be used, goes on with the one before until it
    /// can.
    package func reconfigure(_ path: FilePath, _ retention: StoreRetention) {
        next = (path, retention)
        attempt(.reconfiguring) { try self.changeOver() }
    }

    private func changeOver() throws {
        guard let new = next else { return }
        if new.path != store.path {
            store = try StoreWriter(new.path, new.retention)
            store.limit(lines: mostFlows)
        }
        store.retention = new.retention
        next = nil
    }

    private func attempt(_ step: Step, _ action: () throws -> Void) {
        do {
            try action()
            succeed(step)
        } catch {
            note(step, error)
        }
    }

    private func note(_ step: Step, _ error: any Error) {
        let kind = (error as? StoreError)?.kind ?? (error as? JournalError)?.kind ?? "\(error)"
        if said.insert(kind).inserted { logger.error("\(error); measuring goes on") }
        let isOfJournal = error is JournalError
        if failure(ofJournal: isOfJournal) == nil {
            if isOfJournal { journalFailures += 1 } else { storeFailures += 1 }
        }
        failures[step] = Failure(text: "\(error)", isOfJournal: isOfJournal)
    }

    private func succeed(_ step: Step) {
        guard failures.removeValue(forKey: step) != nil, failures.isEmpty else { return }
        logger.notice("writing flow logs works again")
        said = []
    }
}

extension Segment {
    /// What names the window in the store.
    fileprivate var identity: WindowIdentity { WindowIdentity(sequence: sequence, nonce: nonce) }
}

extension Window {
    /// What the store's file says of itself.
    fileprivate var metadata: [(name: String, value: String)] {
        [("weir.window_start", "\(start.seconds)"), ("weir.window_end", "\(endSecond)")]
    }
}
