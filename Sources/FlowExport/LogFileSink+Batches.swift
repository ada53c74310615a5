// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension LogFileSink {
    /// Lines are compressed and written in batches of about this many bytes: enough to compress well, and the unit in
    /// which records are given up.
    private var batchSize: Int { min(256 << 10, max(1, configuration.backlogLimit / 8)) }

    /// The stream for an identity; looks it up only where it is not the last entry's.
    func stream(for identity: PortIdentity, last: LogStream?) -> LogStream {
        if let last, last.owner.matches(identity) { return last }
        let owner = LogOwner(identity)
        if let stream = streams[owner] { return stream }
        let stream = LogStream(owner)
        streams[owner] = stream
        return stream
    }

    func append(_ entry: LogEntry, to stream: LogStream, period: UnixTime, window: Window) {
        if stream.forming == nil {
            stream.forming = RecordBatch(stream: stream, period: period, window: window.start, bytes: takeSpare())
        }
        stream.forming?.append(entry, as: configuration.format)
        if let size = stream.forming?.bytes.count, size >= batchSize { closeBatch(of: stream) }
    }

    /// Hands the batch that was forming over: to its file, or to the backlog.
    func closeBatch(of stream: LogStream) {
        guard let batch = stream.forming else { return }
        stream.forming = nil
        deliverBacklog()
        if !backlog.holds(stream), deliver(batch) { return }
        backlog.add(batch).forEach(giveUp)
    }

    func deliverBacklog() {
        backlog.drain(deliver)
    }

    func giveUp(_ batch: RecordBatch) {
        counts.recordsGivenUp += batch.tally.records
        counts.givenUp += batch.tally.count
    }

    func keepSpare(_ bytes: consuming [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        spare = bytes
    }

    private func takeSpare() -> [UInt8] {
        var bytes: [UInt8] = []
        swap(&bytes, &spare)
        return bytes
    }
}
