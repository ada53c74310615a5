// SPDX-License-Identifier: Apache-2.0

package import DurableFiles
import FlowFormats
package import FlowModel
package import FlowStore
package import Host
import SystemPackage

/// Hands windows of the store to one sink, in the order of their numbers, and notes in its cursor what the sink's other end has acknowledged.
///
/// A sink that fails is left alone for a while and tried again; no other sink waits for it. Used from one thread; a step blocks on the store
/// and the sink, and has no thread or clock of its own.
package final class SinkRunner {
    /// When the next step is due.
    package enum Step: Equatable, Sendable {
        case again
        /// At that time, and when the store has another window; nil: then alone.
        case wait(MonotonicTime?)
    }

    package enum Severity: Sendable {
        case notice, warning, error
    }

    private let sink: any Sink
    private let store: StoreReader
    private let folder: HeldFolder
    private var cursor: SinkCursor
    private var selection: RecordSelection
    private let clock: any HostClock
    private var random: any RandomNumberGenerator
    private let say: (Severity, String) -> Void
    private var backOff: BackOff
    /// In the store and not acknowledged when it was listed last, in the order of their numbers.
    private var ahead: [StoredSegment] = []
    /// Hours whose names were on the disk after that.
    private var durable: Set<FilePath> = []
    private var isStale = true
    private var listed = MonotonicTime(nanoseconds: 0)
    private var report: SinkReport
    /// Windows that were put aside.
    private var refused: UInt64 = 0
    /// Kinds of failures that were said since all was well.
    private var said: Set<String> = []

    /// How long a store is trusted to be as it was listed: its writer may not be able to tell.
    private static let longestTrust = Duration.seconds(5)
    /// Windows behind which a sink is catching up: it then rests for as long as it works.
    private static let catchUp = 3

    /// - Parameters:
    ///   - folder: of the sink: its cursor, and what was put aside.
    ///   - random: for the times of tries.
    ///   - say: told what an operator should know.
    package init(
        _ report: SinkReport, sink: any Sink, store: StoreReader, cursor: SinkCursor, folder: HeldFolder,
        selection: RecordSelection, backOff: BackOff = BackOff(), clock: any HostClock = SystemClock(),
        random: any RandomNumberGenerator = SystemRandomNumberGenerator(),
        say: @escaping (Severity, String) -> Void
    ) {
        self.report = report
        self.sink = sink
        self.store = store
        self.cursor = cursor
        self.folder = folder
        self.selection = selection
        self.backOff = backOff
        self.clock = clock
        self.random = random
        self.say = say
    }

    /// To be called when the store has another window.
    package func storeHasChanged() { isStale = true }

    /// How the sink stands.
    package func currentReport() -> SinkReport {
        var report = report
        report.counts = sink.counts
        report.counts.refused = refused
        report.acknowledged = cursor.sequence
        let behind = ahead.filter { $0.identity.sequence > sink.taken }
        report.windowsBehind = behind.count
        report.windowsHeld = ahead.count { window in
            window.identity.sequence <= sink.taken && window.identity.sequence > sink.acknowledged
        }
        let now = clock.now.realtime
        report.secondsBehind = behind.first.map { max(0, Double(now.seconds - $0.end)) }
        report.nextDelivery = sink.nextDelivery?.seconds
        return report
    }

    /// Does what is due: hands over one window at most.
    package func step() -> Step {
        let now = clock.now
        guard !report.isEnded else { return .wait(nil) }
        if let time = backOff.wait(at: now.monotonic) { return .wait(time) }
        do {
            try sink.tend(now: now.realtime)
            try noteProgress()
            try list(at: now.monotonic)
            guard let window = ahead.first(where: { $0.identity.sequence > sink.taken }) else {
                succeed()
                return .wait(nil)
            }
            try deliver(window)
            try noteProgress()
            succeed()
        } catch {
            fail(error)
        }
        sayNotices()
        return next(since: now.monotonic)
    }

    /// Hands over all that the store has, and has the sink deliver it. Returns false where something fails.
    package func finish() -> Bool {
        backOff.succeed()
        isStale = true
        do {
            guard !report.isEnded else { return true }
            try list(at: clock.now.monotonic)
            while let window = ahead.first(where: { $0.identity.sequence > sink.taken }) {
                try deliver(window)
                if isStale { try list(at: clock.now.monotonic) }
            }
            try sink.finish()
            try noteProgress()
            sayNotices()
            return true
        } catch {
            fail(error)
            return false
        }
    }

    private func next(since start: MonotonicTime) -> Step {
        guard !report.isEnded else { return .wait(nil) }
        if let time = backOff.wait(at: start) { return .wait(time) }
        let behind = ahead.lazy.count { $0.identity.sequence > self.sink.taken }
        guard behind > Self.catchUp else { return .again }
        let now = clock.now.monotonic
        return .wait(now.advanced(by: start.duration(to: now)))
    }

    private func list(at now: MonotonicTime) throws(StoreError) {
        guard isStale || listed.duration(to: now) >= Self.longestTrust else { return }
        ahead = try store.segments(after: sink.acknowledged)
        durable = []
        listed = now
        isStale = false
    }

    private func deliver(_ window: StoredSegment) throws {
        if !durable.contains(window.folder) {
            try store.synchronize(nameOf: window)
            durable.insert(window.folder)
        }
        try sink.begin(window)
        do {
            guard try read(window, { sink.append($0) }) else {
                // The store was merged, or lost its oldest windows.
                sink.abandon()
                isStale = true
                return
            }
        } catch let error as ParquetError {
            sink.abandon()
            say(.error, "\(window.path) of the store \(error); \(report.name) goes on without it")
            report.damaged += 1
            sink.skip(window)
            return
        } catch {
            sink.abandon()
            throw error
        }
        do { try sink.end() } catch let refusal as SinkRefusal {
            let name = try putAside(window)
            say(.error, "\(report.name) refuses a window for ever: \(refusal); its records are in \(name)")
            refused += 1
            sink.skip(window)
        }
    }

    /// Whether the window is still in the store.
    private func read(_ window: StoredSegment, _ body: (LogEntry) -> Void) throws -> Bool {
        // A copy: the runtime checks each access to a property of a class.
        var selection = selection
        // Of a merged file only what the sink does not have.
        return try store.forEachEntry(of: window, after: window.windows == nil ? nil : sink.taken) { entry in
            if selection.takes(entry) { body(entry) }
        }
    }

    /// Writes the records of a window as JSON lines to a file of the sink's folder, whose path is returned.
    private func putAside(_ window: StoredSegment) throws -> String {
        let name = "\(window.identity).json"
        let refused = try ExportError.wrap(.putAside, folder.path) { try folder.folder("refused", create: 0o700) }
        var encoder = JSONLinesFormat().makeEncoder()
        var bytes: [UInt8] = []
        _ = try read(window) { encoder.append($0, to: &bytes) }
        try ExportError.wrap(.putAside, refused.path) { try refused.replace(name, with: bytes) }
        return refused.path.appending(name).string
    }

    private func noteProgress() throws {
        guard sink.acknowledged > cursor.sequence else { return }
        FaultPoint.reach(.beforeCursor)
        try cursor.advance(to: sink.acknowledged)
        FaultPoint.reach(.afterCursor)
        try sink.cursorIsSafe()
        ahead.removeAll { $0.identity.sequence <= cursor.sequence }
    }

    private func succeed() {
        backOff.succeed()
        guard report.failure != nil else { return }
        say(.notice, "\(report.name) works again")
        report.failure = nil
        said = []
    }

    private func fail(_ error: any Error) {
        if error is SinkEnd { report.isEnded = true }
        backOff.fail(at: clock.now.monotonic, using: &random)
        let kind = (error as? ExportError)?.kind ?? (error as? StoreError)?.kind ?? "\(error)"
        let consequence = report.isEnded ? "nothing more is printed" : "measuring goes on"
        if said.insert(kind).inserted { say(.error, "\(report.name): \(error); \(consequence)") }
        if report.failure == nil { report.failures += 1 }
        report.failure = "\(error)"
    }

    private func sayNotices() {
        for notice in sink.takeNotices() { say(.warning, "\(report.name): \(notice)") }
    }
}
