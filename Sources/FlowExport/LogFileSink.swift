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
    /// A buffer that a written batch left behind.
    var spare: [UInt8] = []

    /// Makes the directory where it is missing. Throws where it cannot be written.
    package init(configuration: LogFileConfiguration) throws(ExportError) {
        self.configuration = configuration
        backlog = RecordBacklog(limit: configuration.backlogLimit)
        var header: [UInt8] = []
        configuration.format.appendHeader(to: &header)
        self.header = header
        try Self.prove(configuration.directory)
    }

    /// Writes the entries of one window; after the window that ends with its period, the files are published.
    ///
    /// Throws the first thing that failed. The entries are taken in any case: what could not be written waits for the
    /// next call, so do not hand it over again.
    package func write(_ entries: [LogEntry], of window: Window) throws(ExportError) {
        let period = startOfPeriod(holding: window.end.advanced(by: .nanoseconds(-1)))
        var stream: LogStream?
        for entry in entries {
            let current = self.stream(for: entry.port.identity, last: stream)
            stream = current
            append(entry, to: current, period: period, window: window)
        }
        for stream in streams.values { closeBatch(of: stream) }
        try finish(publishingBefore: startOfPeriod(holding: window.end))
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
