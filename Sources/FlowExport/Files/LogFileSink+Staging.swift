// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowStore
internal import SystemPackage

/// The window whose lines are coming.
struct CurrentWindow {
    /// A file as it was when the window began.
    struct FileMark {
        let stream: LogStream
        let file: LogFile
        let mark: LogFile.Mark
    }

    let segment: StoredSegment
    /// Start of its publish period.
    let period: UnixTime
    let before: [FileMark]
    let sealed: [LogFile]
    var bytes: UInt64 = 0
    /// The first thing that failed; no line is written after it.
    var failure: ExportError?
}

extension LogFileSink {
    var marks: [CurrentWindow.FileMark] {
        streams.values.compactMap { stream in
            stream.file.map { CurrentWindow.FileMark(stream: stream, file: $0, mark: $0.mark) }
        }
    }

    /// Makes the batch take lines of the port, in the stream of its owner; false between windows. Names are compared only
    /// for a port's first line in a window.
    func add(_ port: Port) -> Bool {
        guard current != nil else { return false }
        batch.add(port, in: stream(of: LogOwner(port.identity)))
        return true
    }

    private func stream(of owner: LogOwner) -> LogStream {
        if let stream = streams[owner] { return stream }
        let stream = LogStream(owner)
        streams[owner] = stream
        return stream
    }

    /// Writes the lines of the stream that has enough of them.
    func writeBatch() {
        if let stream = batch.giveBack() { write(stream) }
    }

    /// Writes the lines that were formatted, unless something failed already.
    func write(_ stream: LogStream) {
        defer { stream.bytes.removeAll(keepingCapacity: true) }
        guard let current, current.failure == nil, !stream.bytes.isEmpty else { return }
        do throws(ExportError) {
            try writeMember(stream, of: current.period)
        } catch {
            self.current?.failure = error
        }
    }

    private func writeMember(_ stream: LogStream, of period: UnixTime) throws(ExportError) {
        let member = compressor.compress(stream.bytes)
        if let file = stream.file, file.holdsRecords, file.length + Int64(member.count) > configuration.sizeLimit {
            sealed.append(file)
            stream.file = nil
        }
        let file = try openFile(of: stream, period)
        try append(member, to: file, holdsRecords: true)
    }

    private func openFile(of stream: LogStream, _ period: UnixTime) throws(ExportError) -> LogFile {
        if let file = stream.file { return file }
        let place = LogFilePlace(
            stream.owner, period: period, hash: UInt32(truncatingIfNeeded: RandomBits.next()),
            configuration: configuration)
        let file = try LogFile(place, in: folders)
        stream.file = file
        if !header.isEmpty { try append(compressor.compress(header), to: file, holdsRecords: false) }
        return file
    }

    private func append(_ member: ArraySlice<UInt8>, to file: LogFile, holdsRecords: Bool) throws(ExportError) {
        try file.append(member, holdsRecords: holdsRecords)
        current?.bytes += UInt64(member.count)
    }
}

extension LogFileSink {
    /// Cuts every file back to where it was before the window.
    func takeBack(_ window: CurrentWindow) {
        let kept = Set((window.before.map(\.file) + window.sealed).map(ObjectIdentifier.init))
        for file in files where !kept.contains(ObjectIdentifier(file)) { file.discard() }
        for stream in streams.values { stream.file = nil }
        sealed = window.sealed
        for mark in window.before { mark.stream.file = mark.file }
        do throws(ExportError) {
            for mark in window.before { try mark.file.cut(to: mark.mark) }
        } catch {
            dropAll()
        }
    }

    /// Forgets what is staged where a file of it was removed, or its folder is not where the next process would look.
    func dropIfRemoved() {
        let files = files
        if !files.isEmpty, !folders.isInPlace || files.contains(where: \.isRemoved) { dropAll() }
    }

    /// Forgets all that is staged: what is not decided is to be handed over again.
    func dropAll() {
        for file in files { file.discard() }
        forgetStaged()
        taken = max(acknowledged, log.decided)
    }

    func forgetStaged() {
        sealed = []
        streams = [:]
        period = nil
    }

    /// All that are not published.
    var files: [LogFile] { sealed + streams.values.compactMap(\.file) }
}
