// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowFormats
package import FlowModel
package import SystemPackage

/// Writes log entries to gzip'ed files, named and foldered as AWS does in S3, one open file per account and region.
///
/// A window is taken whole or not at all: it is `staged` in files that grow under temporary names in a folder of their
/// own. When their publish period is over, all of them are committed: on the disk, decided in a redo log, named, and the
/// segments that the windows came from deleted. Periods lie on wall-clock multiples of their length; a window belongs to
/// the one that holds its last moment. What is staged and not committed is lost with the process, and is to be had from
/// its segments.
///
/// Calls block on the disk. Used from one thread at a time, never from the cooperative pool.
package final class LogFileSink {
    package let configuration: LogFileConfiguration
    let folders: LogFolders
    package internal(set) var counts = ExportCounts()
    /// Something that was found at the start and that an operator should know.
    package let notice: String?
    /// That users other than root and Weir's can write the log directory, if they can.
    package var warning: String? { folders.warning }
    /// What the sink found in its way since and put aside.
    package func takeNotices() -> [String] { folders.takeNotices() }
    /// Where the windows came from that stand in files and are not committed yet.
    package internal(set) var staged: [FilePath] = []
    /// Segments of windows whose files were removed; they are to be handed over again.
    var dropped: [FilePath] = []
    var streams: [LogOwner: LogStream] = [:]
    /// Files that are full, and are published with the others.
    var sealed: [LogFile] = []
    /// Start of the publish period of what is staged.
    var period: UnixTime?
    /// Whether a commit was tried and could not be decided.
    var isCommitDue = false
    var log: CommitLog
    let header: [UInt8]
    var batch: LineBatch
    var compressor = GzipCompressor()
    /// The window whose lines are coming.
    var current: CurrentWindow?

    /// Makes the directory where it is missing, and finishes what an earlier process had decided to publish. Throws where
    /// the directory cannot be written.
    package init(configuration: LogFileConfiguration) throws(ExportError) {
        self.configuration = configuration
        folders = LogFolders(configuration)
        var header: [UInt8] = []
        configuration.format.appendHeader(to: &header)
        self.header = header
        batch = LineBatch(configuration.format.makeEncoder())
        (log, notice) = try Self.openLog(configuration.stateDirectory.appending("commit"))
        try prove()
        try? carryOut()
        removeForgottenFiles()
    }

    /// Begins a window: its lines follow by `append`, then `end`.
    ///
    /// - Parameter segment: the file that the window is in until it is published; deleted then.
    package func begin(_ window: Window, from segment: FilePath? = nil) throws(ExportError) {
        let period = startOfPeriod(holding: window.end.advanced(by: .nanoseconds(-1)))
        dropIfRemoved()
        if let staged = self.period, staged != period { try commit() }
        current = CurrentWindow(segment: segment, period: period, before: marks, sealed: sealed)
    }

    /// Takes a line of a flow.
    package func append(_ record: borrowing FlowRecord) {
        switch batch.append(record) {
        case .taken: break
        case .isFull: writeBatch()
        case .isOfUnknownPort: if add(record.port) { append(record) }
        }
    }

    /// Takes a line of any kind.
    package func append(_ entry: LogEntry) {
        switch batch.append(entry) {
        case .taken: break
        case .isFull: writeBatch()
        case .isOfUnknownPort: if add(entry.port) { append(entry) }
        }
    }

    /// Writes what was not written yet. Where it throws, nothing of the window is in any file: hand it over again.
    package func end() throws(ExportError) {
        guard current != nil else { return }
        let lines = batch.end()
        for stream in streams.values { write(stream) }
        guard let ended = current.take() else { return }
        if let failure = ended.failure {
            takeBack(ended)
            throw failure
        }
        counts.recordsWritten += lines
        counts.bytesWritten += ended.bytes
        period = ended.period
        if let segment = ended.segment { staged.append(segment) }
    }

    /// Takes back what came of a window that cannot be ended: nothing of it is in any file.
    package func abandon() {
        guard let window = current.take() else { return }
        _ = batch.end()
        for stream in streams.values { stream.bytes.removeAll(keepingCapacity: true) }
        takeBack(window)
    }

    /// Commits what is due when a window has ended at that moment: its period is over, or a file is full.
    package func publish(endOf window: Window) throws(ExportError) {
        guard let period else { return }
        if !sealed.isEmpty || period < startOfPeriod(holding: window.end) { try commit() }
    }

    /// Tries again what could not be done, and commits files whose period ended at least one window length ago: a net
    /// for when no window comes. Call it at every tick.
    package func publishDue(now: UnixTime) throws(ExportError) {
        let due = startOfPeriod(holding: now.advanced(by: .zero - configuration.windowLength))
        if isCommitDue || period.map({ $0 < due }) ?? false { return try commit() }
        try carryOut()
    }

    /// Commits all that is staged before its time.
    package func publishEarly() throws(ExportError) { try commit() }

    /// Whether the window of that segment is published, or is going to be without being handed over again.
    package func isDecided(_ segment: FilePath) -> Bool { log.pending.segments.contains(segment) }

    /// Commits all that is staged, also before its time. The sink must not be used afterwards.
    package func close() throws(ExportError) {
        defer {
            dropAll()
            folders.removeStaging()
        }
        try commit()
    }

    /// All lines of one window, where there are few.
    package func write(_ entries: [LogEntry], of window: Window, from segment: FilePath? = nil) throws(ExportError) {
        try begin(window, from: segment)
        for entry in entries { append(entry) }
        try end()
        try publish(endOf: window)
    }

    /// Segments whose windows must be handed over again, since the files with them were removed.
    package func takeDropped() -> [FilePath] {
        defer { dropped = [] }
        return dropped
    }
}

extension LogFileSink {
    func startOfPeriod(holding time: UnixTime) -> UnixTime {
        let period = configuration.effectivePeriod
        return time.nextMultiple(of: period).advanced(by: .zero - period)
    }

    private static func openLog(_ path: FilePath) throws(ExportError) -> (CommitLog, notice: String?) {
        if let log = try CommitLog(path) { return (log, nil) }
        CommitLog.setAside(path)
        guard let log = try CommitLog(path) else { throw ExportError(.readCommit, path, .ioError) }
        return (log, "\(path) is damaged and was put aside as \(path).damaged; windows that it named may come twice")
    }

    private func prove() throws(ExportError) {
        let action: ExportError.Action = folders.exists ? .useFolder : .createFolder
        try ExportError.wrap(action, configuration.directory) { _ = try folders.openDirectory() }
        try ExportError.wrap(.useFolder, configuration.directory) { _ = try folders.openStaging() }
    }

    /// What a process that was killed had staged is in the journal.
    private func removeForgottenFiles() {
        guard let staging = try? folders.openStaging() else { return }
        let kept = Set(log.pending.renames.map(\.temporary))
        for name in (try? staging.names()) ?? [] where !kept.contains(configuration.staging.appending(name)) {
            try? staging.remove(name)
        }
    }
}
