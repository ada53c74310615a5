// SPDX-License-Identifier: Apache-2.0

import FlowFormats
package import FlowModel
internal import SystemPackage

/// Writes log entries to gzip'ed files, named and foldered as AWS does in S3, one open file per account and region.
///
/// A file grows under a temporary name in its final folder, is synchronised, and gets its name when its publish period
/// is over. Periods lie on wall-clock multiples of their length; a window belongs to the one that holds its last moment.
///
/// What cannot be written waits in memory, up to a limit, and is tried again at each call; beyond the limit the oldest
/// is given up and counted. A process that is killed leaves its open files under their temporary names: what
/// `oldestUnpublishedWindow` says must still be had from elsewhere.
///
/// Calls block on the disk. Used from one thread at a time, never from the cooperative pool.
package final class LogFileSink {
    let configuration: LogFileConfiguration
    package internal(set) var counts = ExportCounts()
    var streams: [LogOwner: LogStream] = [:]
    var backlog: RecordBacklog
    /// The first thing that failed in this call.
    var failure: ExportError?
    /// What failed in this call already, and waits for the next.
    var stalled: Set<ObjectIdentifier> = []
    let header: [UInt8]
    private var encoder: any RecordEncoder
    /// The window whose lines are coming.
    var current: CurrentWindow?
    /// Buffers that written batches left behind, at most one a stream.
    var spare: [[UInt8]] = []
    /// Lines are compressed and written in batches of about this many bytes: enough to compress well, and the unit in
    /// which records are given up.
    let batchSize: Int

    /// Makes the directory where it is missing. Throws where it cannot be written.
    package init(configuration: LogFileConfiguration) throws(ExportError) {
        self.configuration = configuration
        backlog = RecordBacklog(limit: configuration.backlogLimit)
        var header: [UInt8] = []
        configuration.format.appendHeader(to: &header)
        self.header = header
        encoder = configuration.format.makeEncoder()
        batchSize = min(256 << 10, max(1, configuration.backlogLimit / 8))
        try Self.prove(configuration.directory)
    }

    /// Begins a window: its lines follow by `append`, then `end`.
    package func begin(_ window: Window) {
        current = CurrentWindow(
            window: window, period: startOfPeriod(holding: window.end.advanced(by: .nanoseconds(-1))))
    }

    /// Takes a line of a flow. It is formatted now, and written when there are enough of them.
    package func append(_ record: borrowing FlowRecord) {
        guard let stream = stream(for: record.port) else { return }
        encoder.append(record, to: &stream.bytes)
        stream.tally.records += 1
        stream.tally.count += record.count
        if stream.bytes.count >= batchSize { closeBatch(of: stream) }
    }

    /// Takes a line of any kind.
    package func append(_ entry: LogEntry) {
        guard let stream = stream(for: entry.port) else { return }
        encoder.append(entry, to: &stream.bytes)
        stream.tally.records += 1
        stream.tally.count += entry.count
        if stream.bytes.count >= batchSize { closeBatch(of: stream) }
    }

    /// Writes what was not written yet; after the window that ends with its period, the files are published.
    ///
    /// Throws the first thing that failed. The lines are taken in any case: what could not be written waits for the
    /// next call, so do not hand it over again.
    package func end() throws(ExportError) {
        guard let window = current?.window else { return }
        for stream in streams.values { closeBatch(of: stream) }
        current = nil
        try finish(publishingBefore: startOfPeriod(holding: window.end))
    }

    /// All lines of one window, where there are few.
    package func write(_ entries: [LogEntry], of window: Window) throws(ExportError) {
        begin(window)
        for entry in entries { append(entry) }
        try end()
    }

    /// Tries again what waits, and publishes files whose period ended at least one window length ago: a net for when
    /// no window comes. Call it at every tick. Throws the first thing that failed.
    package func publishDue(now: UnixTime) throws(ExportError) {
        let due = now.advanced(by: .zero - configuration.windowLength)
        try finish(publishingBefore: startOfPeriod(holding: due))
    }

    /// Publishes all that is open, also before its time, and gives up what cannot be written now.
    package func close() throws(ExportError) {
        let result = Result { () throws(ExportError) in
            try finish(publishingBefore: UnixTime(nanoseconds: .max))
        }
        for stream in streams.values where stream.file?.holdsRecords == false {
            stream.file?.discard()
            stream.file = nil
        }
        backlog.batches.forEach(giveUp)
        backlog = RecordBacklog(limit: configuration.backlogLimit)
        try result.get()
    }

    /// Start of the earliest window of which anything is in no published file yet, or waits; nil if all is published.
    package var oldestUnpublishedWindow: UnixTime? {
        let files = streams.values.compactMap(\.file).filter(\.holdsRecords)
        return (files.map(\.oldestWindow) + backlog.batches.map(\.window)).min()
    }

    /// Formatted bytes that wait because they could not be written.
    package var backlogSize: Int { backlog.size }

    func startOfPeriod(holding time: UnixTime) -> UnixTime {
        let period = configuration.effectivePeriod
        return time.nextMultiple(of: period).advanced(by: .zero - period)
    }

    private static func prove(_ directory: FilePath) throws(ExportError) {
        try ExportError.wrap(.createFolder, directory) { try Folder.create(directory) }
        let probe = directory.appending(".weir-\(UInt32.random(in: 0...(.max)))")
        try ExportError.wrap(.useFolder, directory) {
            try FileDescriptor.open(
                probe, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: [.ownerReadWrite]
            ).close()
            try FileSystemCalls.remove(probe)
        }
    }
}
