// SPDX-License-Identifier: Apache-2.0

import FlowModel
internal import SystemPackage

extension LogFileSink {
    /// Tries what waits, publishes files whose period ends at or before the given moment, and throws what failed.
    func finish(publishingBefore end: UnixTime) throws(ExportError) {
        deliverBacklog()
        for stream in streams.values where !backlog.holds(stream) {
            guard let file = stream.file, file.period.nanoseconds <= end.nanoseconds - periodLength else { continue }
            attempt(stream) { () throws(ExportError) in try publishFile(of: stream) }
        }
        streams = streams.filter { $0.value.file != nil || backlog.holds($0.value) }
        defer {
            failure = nil
            stalled = []
        }
        if let failure { throw failure }
    }

    private var periodLength: Int64 { configuration.effectivePeriod.wholeNanoseconds }

    /// Whether the batch stands in its file now.
    func deliver(_ batch: RecordBatch) -> Bool {
        attempt(batch.stream) { () throws(ExportError) in try write(batch) }
    }

    /// Does something for a stream unless something failed for it in this call already. Whether it was done.
    @discardableResult
    private func attempt(_ stream: LogStream, _ action: () throws(ExportError) -> Void) -> Bool {
        guard !stalled.contains(ObjectIdentifier(stream)) else { return false }
        do {
            try action()
            return true
        } catch {
            stalled.insert(ObjectIdentifier(stream))
            if failure == nil { failure = error }
            return false
        }
    }

    private func write(_ batch: RecordBatch) throws(ExportError) {
        let stream = batch.stream
        if let file = stream.file, file.isRenamed || file.period != batch.period { try publishFile(of: stream) }
        let member = try compress(batch.bytes)
        if let file = stream.file, file.holdsRecords, file.length + Int64(member.count) > configuration.sizeLimit {
            try publishFile(of: stream)
        }
        let file = try openFile(for: batch)
        try file.append(member, holdsRecords: true)
        counts.recordsWritten += batch.tally.records
        counts.bytesWritten += UInt64(member.count)
        keepSpare(batch.bytes)
    }

    private func openFile(for batch: RecordBatch) throws(ExportError) -> LogFile {
        let file: LogFile
        if let open = batch.stream.file { file = open } else { file = try createFile(for: batch) }
        batch.stream.file = file
        if file.length == 0, !header.isEmpty {
            let member = try compress(header)
            try file.append(member, holdsRecords: false)
            counts.bytesWritten += UInt64(member.count)
        }
        return file
    }

    private func createFile(for batch: RecordBatch) throws(ExportError) -> LogFile {
        let place = LogFilePlace(
            batch.stream.owner, period: batch.period, hash: .random(in: 0...(.max)), configuration: configuration)
        return try LogFile(place, period: batch.period, oldestWindow: batch.window)
    }

    private func publishFile(of stream: LogStream) throws(ExportError) {
        guard let file = stream.file else { return }
        if file.holdsRecords {
            try file.publish()
            counts.filesPublished += 1
        } else {
            file.discard()
        }
        stream.file = nil
    }

    private func compress(_ bytes: [UInt8]) throws(ExportError) -> [UInt8] {
        do {
            return try GzipMember.compress(bytes, level: configuration.compressionLevel)
        } catch {
            throw ExportError(.compress, configuration.directory, .noMemory)
        }
    }
}
