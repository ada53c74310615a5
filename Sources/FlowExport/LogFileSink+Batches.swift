// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension LogFileSink {
    /// The stream of a port's owner; nil between windows. Names are compared only for a port's first line in a window.
    func stream(for port: Port) -> LogStream? {
        if let last = current?.last, last.port === port { return last.stream }
        guard current != nil else { return nil }
        let stream = current?.streams[ObjectIdentifier(port)]?.stream ?? stream(of: LogOwner(port.identity))
        let found = CurrentWindow.PortStream(port: port, stream: stream)
        current?.streams[ObjectIdentifier(port)] = found
        current?.last = found
        return stream
    }

    private func stream(of owner: LogOwner) -> LogStream {
        if let stream = streams[owner] { return stream }
        let stream = LogStream(owner)
        streams[owner] = stream
        return stream
    }

    /// Hands the lines that were formatted over: to their file, or to the backlog.
    func closeBatch(of stream: LogStream) {
        guard let current, stream.tally.records > 0 else { return }
        let batch = RecordBatch(
            stream: stream, period: current.period, window: current.window.start, bytes: stream.bytes,
            tally: stream.tally)
        stream.bytes = spare.popLast() ?? []
        stream.tally = RecordTally()
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
        guard spare.count < streams.count else { return }
        bytes.removeAll(keepingCapacity: true)
        spare.append(bytes)
    }
}

/// The window whose lines are coming.
struct CurrentWindow {
    /// The port is kept alive, so that its identifier stays its own.
    struct PortStream {
        let port: Port
        let stream: LogStream
    }

    let window: Window
    /// Start of its publish period.
    let period: UnixTime
    var last: PortStream?
    var streams: [ObjectIdentifier: PortStream] = [:]
}
