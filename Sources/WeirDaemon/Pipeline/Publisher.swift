// SPDX-License-Identifier: Apache-2.0

package import FlowExport
import FlowMeter
import FlowModel
package import FlowStore
import FlowVerdict
import Host
package import Logging
import SystemPackage
package import WeirConfiguration

/// Hands the lines of a window to where they are wanted: the store, files, and standard output.
///
/// A window that a sink did not take stays in its segment and is handed over again. A sink that fails says so in the log
/// once. Used from one thread.
package final class Publisher {
    private var store: StoreWriter?
    private var files: LogFileSink?
    private var printer: LinePrinter?
    /// Judge the records. The policy alone until the daemon follows more.
    var judges: JudgeChain
    private var configuration: Configuration
    /// Read again, and not in force yet: what stands in files could not be published.
    private var nextConfiguration: Configuration?
    private let state: StateDirectory
    private let logger: Logger
    /// That are read from a segment at a time.
    var mostFlows = Int.max
    /// What became of the packets of all windows that were taken.
    private(set) var verdicts = VerdictCounts()
    /// What each of them failed with last.
    private var failures: [Step: Failure] = [:]
    /// How often a sink that worked began to fail.
    package private(set) var sinkFailures: UInt64 = 0
    /// How often the journal, or what else is in the state directory, began to fail when windows were taken from it.
    package private(set) var journalFailures: UInt64 = 0
    /// Kinds of failures that were said since all was well.
    private var said: Set<String> = []
    /// Whether it could be noted of the last window that it is printed.
    private var isMarking = true
    /// Windows that stand in files which are not published yet.
    private(set) var staged: [Segment] = []
    /// Names of segments of which something could not be read.
    private(set) var damaged: [String] = []
    /// Where windows came from that must be delivered again, since the files before the present ones were removed.
    private var dropped: [FilePath] = []

    /// What can fail, and work again, apart from the other.
    private enum Step: CaseIterable { case taking, publishing, expiring, reconfiguring }

    private struct Failure {
        let text: String
        /// Whether the state directory fails, and not the place that lines go to.
        let isOfJournal: Bool
    }

    /// What became of a window.
    package enum Outcome {
        /// Taken by all sinks. What was in memory comes back.
        case taken(Waiting.Content, lines: Int)
        /// To be tried again.
        case failed(Waiting)
        /// Nothing of it can be read any more.
        case unreadable
    }

    package init(
        configuration: Configuration, state: StateDirectory, logger: Logger
    ) throws {
        let format = try configuration.recordFormat()
        store = try configuration.store.map { try StoreWriter(FilePath($0), configuration.storeRetention) }
        files = try configuration.logFiles(format, state).map { try LogFileSink(configuration: $0) }
        printer = configuration.printsLines ? LinePrinter(format: format) : nil
        self.configuration = configuration
        self.state = state
        judges = JudgeChain(configuration)
        self.logger = logger
        if let notice = files?.notice { logger.error("\(notice)") }
        if let warning = files?.warning { logger.warning("\(warning)") }
        sayNotices()
    }

    /// What a sink failed with last; nil while all is well.
    package var failure: String? { failure(ofJournal: false) }

    /// What the journal failed with last; nil while all is well.
    package var journalFailure: String? { failure(ofJournal: true) }

    private func failure(ofJournal isOfJournal: Bool) -> String? {
        Step.allCases.lazy.compactMap { self.failures[$0] }.first { $0.isOfJournal == isOfJournal }?.text
    }

    package var counts: ExportCounts { files?.counts ?? ExportCounts() }

    /// What is in the store; nil where there is none.
    package var contents: StoreContents? { store?.contents }

    /// Whether lines still go anywhere.
    var hasReaders: Bool { store != nil || files != nil || printer != nil }

    /// Segments that are published already, although they may still be there.
    func isPublished(_ segment: Segment) -> Bool { files?.isDecided(segment.path) ?? false }

    /// Writes all lines of the window.
    package func deliver(_ waiting: consuming Waiting) -> Outcome {
        var waiting = waiting
        do {
            let pieces = JournaledPieces(waiting.segment, mostFlows: waiting.content == nil ? mostFlows : .max)
            guard let content = try takeContent(&waiting, pieces) else { return .unreadable }
            return try deliver(waiting, content, pieces)
        } catch {
            store?.abandon()
            files?.abandon()
            note(.taking, error)
            return .failed(waiting)
        }
    }

    /// Of a window that is read in pieces, the first.
    private func takeContent(
        _ waiting: inout Waiting, _ pieces: JournaledPieces
    ) throws(JournalError) -> Waiting.Content? {
        if let content = waiting.content.take() { return content }
        guard let content = try read(waiting.segment, pieces) else { return nil }
        guard let journaled = JournaledWindow(content) else {
            noteDamage(waiting.segment, "nothing of it can be read; it was put aside")
            try Journal.setAside(waiting.segment)
            return nil
        }
        if journaled.isDamaged { noteDamage(waiting.segment, "what is missing is overflow now (SKIPDATA)") }
        waiting.isPrinted = waiting.isPrinted || journaled.isPrinted
        return Waiting.Content(window: journaled.closed, ports: journaled.ports)
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

    private func deliver(
        _ waiting: consuming Waiting, _ content: consuming Waiting.Content, _ pieces: JournaledPieces
    ) throws -> Outcome {
        var waiting = waiting
        let window = content.window.window
        let segment = waiting.segment
        var takers = Takers()
        var isStored = attempt(.taking, isAll: false) { takers.store = try self.beginStore(window, segment) }
        // No file has a window that the store lacks.
        takers.files = isStored && begin(content.window, segment)
        takers.printer = printer != nil && !waiting.isPrinted
        let (lines, verdicts) = try append(&content, pieces, to: takers)
        if takers.store { isStored = attempt(.taking, isAll: false) { try self.store?.end(window.metadata) } }
        if takers.printer { print(&waiting) }
        if !isStored { files?.abandon() }
        guard isStored, end(waiting, takers.files) else {
            if pieces.count == 1 { waiting.content = content }
            return .failed(waiting)
        }
        succeed(.taking)
        self.verdicts.add(verdicts)
        attempt(.publishing) { try self.files?.publish(endOf: window) }
        return .taken(content, lines: lines)
    }

    /// Which sinks take the lines of a window; the others have it already, or are not there.
    private struct Takers {
        var store = false
        var files = false
        var printer = false

        var isEmpty: Bool { !store && !files && !printer }
    }

    private func beginStore(_ window: Window, _ segment: Segment) throws(StoreError) -> Bool {
        guard let store, !store.holds(segment.identity) else { return false }
        try store.begin(window, segment.identity)
        return true
    }

    private func begin(_ closed: borrowing ClosedWindow, _ segment: Segment) -> Bool {
        guard let files else { return false }
        let window = closed.window
        return attempt(.taking, isAll: false) { try files.begin(window, from: segment.path) }
    }

    /// - Parameter content: the first piece; afterwards the last.
    private func append(
        _ content: inout Waiting.Content, _ pieces: JournaledPieces, to takers: Takers
    ) throws(JournalError) -> (lines: Int, verdicts: VerdictCounts) {
        guard !takers.isEmpty else { return (0, VerdictCounts()) }
        var judgement = judges.judgement(of: content.window.window)
        var filters = PortFilters(configuration)
        var records = 0
        var receivers: Set<PortNumber> = []
        let store = takers.store ? store : nil
        let files = takers.files ? files : nil
        let toPrinter = takers.printer
        for piece in 0..<pieces.count {
            if piece > 0 {
                // Not both at a time.
                content.window.flows = FlowTable()
                content.window.flows = try pieces.read(piece)?.closed.flows ?? FlowTable()
            }
            receivers.formUnion(content.window.receivers(ports: content.ports))
            content.window.forEachRecord(ports: content.ports, judgedBy: &judgement) { record in
                store?.append(record)
                guard filters.filter(of: record.port).takes(record.verdict) else { return }
                records += 1
                files?.append(record)
                if toPrinter { printer?.append(record) }
            }
        }
        for entry in content.window.others(ports: content.ports, receivers: receivers, judgedBy: &judgement) {
            store?.append(entry)
            if let verdict = entry.verdict, !filters.filter(of: entry.port).takes(verdict) { continue }
            records += 1
            files?.append(entry)
            if toPrinter { printer?.append(entry) }
        }
        return (records, judgement.counts)
    }

    /// Whether the files have taken the window, or, where there are none, whether it was printed or is in the store.
    private func end(_ waiting: borrowing Waiting, _ isForFiles: Bool) -> Bool {
        let segment = waiting.segment
        guard let files else {
            let isTaken = waiting.isPrinted || printer == nil && store != nil
            return isTaken && attempt(.taking, isAll: false) { try Journal.delete(segment) }
        }
        guard isForFiles, attempt(.taking, isAll: false, { try files.end() }) else { return false }
        staged.append(segment)
        return true
    }
}

extension Publisher {
    /// Looks after files that are due although no window comes.
    func publishDue(now: UnixTime) {
        attempt(.publishing) { try self.files?.publishDue(now: now) }
        attempt(.expiring) { try self.store?.expire(now: now) }
        sayNotices()
        if nextConfiguration != nil { attempt(.reconfiguring) { try self.changeOver() } }
    }

    private func sayNotices() {
        for notice in files?.takeNotices() ?? [] { logger.warning("\(notice)") }
    }

    /// Goes on as that configuration says: with the next window, and in new files where it has others. Where those cannot be
    /// made, all goes on as before until they can.
    package func reconfigure(_ new: Configuration) {
        nextConfiguration = new
        attempt(.reconfiguring) { try self.changeOver() }
    }

    private func changeOver() throws {
        guard let new = nextConfiguration else { return }
        let format = try new.recordFormat()
        if new.store != configuration.store {
            store = try new.store.map { try StoreWriter(FilePath($0), new.storeRetention) }
        }
        store?.retention = new.storeRetention
        if !hasFiles(of: new) { try changeFiles(to: new.logFiles(format, state)) }
        if new.printsLines != configuration.printsLines || !hasFormat(of: new) {
            printer = new.printsLines ? LinePrinter(format: format) : nil
        }
        configuration = new
        nextConfiguration = nil
    }

    private func changeFiles(to new: LogFileConfiguration?) throws {
        try files?.publishEarly()
        let next = try new.map { try LogFileSink(configuration: $0) }
        dropped += files?.takeDropped() ?? []
        if new?.directory != files?.configuration.directory { try? files?.close() }
        files = next
        if let notice = files?.notice { logger.error("\(notice)") }
        if let warning = files?.warning { logger.warning("\(warning)") }
        sayNotices()
    }

    private func hasFiles(of new: Configuration) -> Bool {
        hasFormat(of: new) && new.logDirectory == configuration.logDirectory
            && (new.layout, new.hourly, new.publishPeriod, new.fileSize, new.flowLogID)
                == (
                    configuration.layout, configuration.hourly, configuration.publishPeriod, configuration.fileSize,
                    configuration.flowLogID
                )
    }

    private func hasFormat(of new: Configuration) -> Bool {
        new.format == configuration.format && new.fields == configuration.fields
    }

    /// Publishes what stands in files before its time, so that its segments can go.
    package func publishEarly() { attempt(.publishing) { try self.files?.publishEarly() } }

    /// Publishes all that is open.
    func close() { attempt(.publishing) { try self.files?.close() } }

    /// Windows that must be delivered again, since the files that they stood in are gone.
    func takeDropped() -> [Segment] {
        let dropped = Set(self.dropped + (files?.takeDropped() ?? []))
        self.dropped = []
        let segments = staged.filter { dropped.contains($0.path) }
        let kept = Set(files?.staged ?? [])
        staged.removeAll { !kept.contains($0.path) }
        return segments
    }

    /// - Parameter isAll: whether the step works again where the action does.
    @discardableResult
    private func attempt(_ step: Step, isAll: Bool = true, _ action: () throws -> Void) -> Bool {
        do {
            try action()
            if isAll { succeed(step) }
            return true
        } catch {
            note(step, error)
            return false
        }
    }

    private func note(_ step: Step, _ error: any Error) {
        let kind =
            (error as? ExportError)?.kind ?? (error as? StoreError)?.kind ?? (error as? JournalError)?.kind
            ?? "\(error)"
        if said.insert(kind).inserted { logger.error("\(error); measuring goes on") }
        let isOfJournal = error is JournalError || (error as? ExportError)?.action.isOnStateDirectory == true
        if failure(ofJournal: isOfJournal) == nil {
            if isOfJournal { journalFailures += 1 } else { sinkFailures += 1 }
        }
        failures[step] = Failure(text: "\(error)", isOfJournal: isOfJournal)
    }

    private func succeed(_ step: Step) {
        guard failures.removeValue(forKey: step) != nil, failures.isEmpty else { return }
        logger.notice("writing flow logs works again")
        said = []
    }

    private func print(_ waiting: inout Waiting) {
        do {
            try printer?.finish()
        } catch {
            printer = nil
            let consequence = hasReaders ? "measuring goes on without it" : "no sink is left to measure for"
            logger.error("cannot print to standard output: \(systemReason(error)); \(consequence)")
            return
        }
        waiting.isPrinted = true
        guard files != nil || store != nil else { return }
        do {
            try SegmentWriter.markPrinted(waiting.segment)
            isMarking = true
        } catch {
            if isMarking { logger.warning("\(error); a daemon that is killed now prints windows again") }
            isMarking = false
        }
    }
}
