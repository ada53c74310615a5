// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowFormats
package import FlowModel
package import FlowStore
import SystemPackage

/// Writes log entries to gzip'ed files or Parquet files, named and foldered as AWS does in S3, one open file per account and region.
///
/// A window is taken whole or not at all: it is `staged` in files that grow under temporary names in a folder of their
/// own, or, as rows, in memory. When their publish period is over, all of them are committed: on the disk, decided in a redo log with the number of the last of their
/// windows, and named. Periods lie on wall-clock multiples of their length; a window belongs to the period that holds its last moment. What is
/// staged and not committed is lost with the process, and is to be had from the store.
///
/// Calls block on the disk. Used from one thread at a time, never from the cooperative pool.
package final class LogFileSink: Sink {
    package let configuration: LogFileConfiguration
    let folders: LogFolders
    package internal(set) var counts = SinkCounts()
    /// What an operator should know of the start, until `takeNotices` has handed it over.
    private var notices: [String] = []
    package internal(set) var taken: UInt64
    package internal(set) var acknowledged: UInt64
    var streams: [LogOwner: LogStream] = [:]
    /// Files that are full, and are published with the others.
    var sealed: [LogFile] = []
    /// Start of the publish period of what is staged.
    var period: UnixTime?
    /// Whether a commit was tried and could not be decided.
    var isCommitDue = false
    /// What the commit failed with that was due at the end of a window.
    private var failure: ExportError?
    var log: CommitLog
    var batch: any EntryBatch
    /// The window whose entries are coming.
    var current: CurrentWindow?

    /// Makes the directory where it is missing, and finishes what an earlier process had decided to publish. Throws where
    /// the directory cannot be written.
    ///
    /// - Parameter cursor: the number of the last window that is in published files, as far as the cursor knows.
    package init(configuration: LogFileConfiguration, cursor: UInt64) throws(ExportError) {
        self.configuration = configuration
        acknowledged = cursor
        taken = cursor
        folders = LogFolders(configuration)
        batch =
            switch configuration.content {
            case .lines(let format): LineBatch(format)
            case .parquet(let columns): RowBatch(columns, sizeLimit: configuration.sizeLimit)
            }
        let (log, notice) = try Self.openLog(configuration.stateDirectory.appending("commit"))
        self.log = log
        try prove()
        try? carryOut()
        taken = max(acknowledged, log.decided)
        removeForgottenFiles()
        notices = [notice, folders.warning].compactMap(\.self)
    }

    package func begin(_ window: StoredSegment) throws(ExportError) {
        let before = taken
        dropIfRemoved()
        // Those that are lost come first.
        guard taken == before else { throw ExportError(.write, configuration.staging, .noSuchFileOrDirectory) }
        let period = period(of: window)
        if let staged = self.period, staged != period { try commit() }
        for stream in streams.values where batch.isHalfFull(stream) { try write(stream, of: period) }
        current = CurrentWindow(window, period: period, before: marks, sealed: sealed)
    }

    private func period(of window: StoredSegment) -> UnixTime {
        startOfPeriod(holding: UnixTime(seconds: window.end).advanced(by: .nanoseconds(-1)))
    }

    package func append(_ entry: LogEntry) {
        switch batch.append(entry) {
        case .taken: break
        case .isFull: writeBatch()
        case .isOfUnknownPort: if add(entry.port) { append(entry) }
        }
    }

    /// Writes what was not written yet, and commits what is due: its period is over, or a file is full.
    package func end() throws(ExportError) {
        guard current != nil else { return }
        let lines = batch.end()
        if batch.isWrittenWithWindow { for stream in streams.values { writeInWindow(stream) } }
        guard let ended = current.take() else { return }
        if let failure = ended.failure {
            takeBack(ended)
            throw failure
        }
        for stream in streams.values { stream.endWindow() }
        counts.windows += 1
        counts.records += lines
        // Rows may be in no file yet: their files count when they are published.
        if batch.isWrittenWithWindow { counts.bytes += ended.bytes }
        period = ended.period
        taken = ended.segment.identity.sequence
        // What cannot be committed now is committed later: the window is taken.
        if !sealed.isEmpty || ended.period < startOfPeriod(holding: UnixTime(seconds: ended.segment.end)) {
            do throws(ExportError) { try commit() } catch { failure = error }
        }
    }

    package func skip(_ window: StoredSegment) {
        period = period ?? self.period(of: window)
        taken = window.identity.sequence
    }

    /// Takes back what came of a window that cannot be ended: nothing of it is in any file.
    package func abandon() {
        guard let window = current.take() else { return }
        _ = batch.end()
        takeBack(window)
    }

    /// Tries again what could not be done, and commits files whose period ended at least one window length ago: a net
    /// for when no window comes.
    package func tend(now: UnixTime) throws(ExportError) {
        dropIfRemoved()
        if let failure = failure.take() { throw failure }
        let due = startOfPeriod(holding: now.advanced(by: .zero - configuration.windowLength))
        if isCommitDue || period.map({ $0 < due }) ?? false { return try commit() }
        try carryOut()
    }

    package func cursorIsSafe() throws(ExportError) { try log.forget(through: acknowledged) }

    /// Commits all that is staged, also before its time.
    package func finish() throws(ExportError) {
        defer {
            dropAll()
            folders.removeStaging()
        }
        try commit()
    }

    package var nextDelivery: UnixTime? {
        period.map { $0.advanced(by: configuration.effectivePeriod) }
    }

    package func takeNotices() -> [String] {
        defer { notices = [] }
        return notices + folders.takeNotices()
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

    /// What a process that was killed had staged is in the store.
    private func removeForgottenFiles() {
        guard let staging = try? folders.openStaging() else { return }
        let kept = Set(log.pending.renames.map(\.temporary))
        for name in (try? staging.names()) ?? [] where !kept.contains(configuration.staging.appending(name)) {
            try? staging.remove(name)
        }
    }
}
