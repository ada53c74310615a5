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
    private(set) var before: [FileMark]
    private(set) var sealed: [LogFile]
    var bytes: UInt64 = 0
    /// The first thing that failed; no line is written after it.
    var failure: ExportError?

    init(_ segment: StoredSegment, period: UnixTime, before: [FileMark], sealed: [LogFile]) {
        self.segment = segment
        self.period = period
        self.before = before
        self.sealed = sealed
    }

    /// Keeps what was written last to the stream's file when the window is taken back.
    ///
    /// - Parameter last: the stream's file before that: where it is another one, it was sealed.
    mutating func keep(_ stream: LogStream, after last: LogFile?) {
        before.removeAll { $0.stream === stream }
        if let last, last !== stream.file { sealed.append(last) }
        if let file = stream.file { before.append(FileMark(stream: stream, file: file, mark: file.mark)) }
    }
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
        let stream = stream(of: LogOwner(port.identity))
        batch.add(port, in: stream, of: streams.count)
        return true
    }

    private func stream(of owner: LogOwner) -> LogStream {
        if let stream = streams[owner] { return stream }
        let stream = LogStream(owner)
        streams[owner] = stream
        return stream
    }

    /// Writes the entries of the stream that has enough of them.
    func writeBatch() {
        if let stream = batch.giveBack() { writeInWindow(stream) }
    }

    /// Writes what the stream has, unless something of the window failed already.
    func writeInWindow(_ stream: LogStream) {
        guard let current, current.failure == nil else { return stream.forgetWindow() }
        do throws(ExportError) {
            try write(stream, of: current.period)
        } catch {
            self.current?.failure = error
            stream.forgetWindow()
        }
    }

    /// Writes what the stream has, or a part of it. Where it throws, the stream has it still.
    func write(_ stream: LogStream, of period: UnixTime) throws(ExportError) {
        guard let piece = batch.pack(stream) else { return }
        let last = stream.file
        if let file = last, file.holdsRecords, file.length(with: piece) > configuration.sizeLimit {
            sealed.append(file)
            stream.file = nil
        }
        try append(piece, to: try openFile(of: stream, period), holdsRecords: true)
        if batch.removePacked(from: stream) { current?.keep(stream, after: last) }
    }

    private func openFile(of stream: LogStream, _ period: UnixTime) throws(ExportError) -> LogFile {
        if let file = stream.file { return file }
        let place = LogFilePlace(
            stream.owner, period: period, hash: UInt32(truncatingIfNeeded: RandomBits.next()),
            configuration: configuration)
        let file = try LogFile(place, configuration.content, in: folders)
        stream.file = file
        if let beginning = batch.beginning() { try append(beginning, to: file, holdsRecords: false) }
        return file
    }

    private func append(_ piece: LogFile.Piece, to file: LogFile, holdsRecords: Bool) throws(ExportError) {
        let size = try file.append(piece, holdsRecords: holdsRecords)
        current?.bytes += UInt64(size)
    }
}

extension LogFileSink {
    /// Cuts every file back to where it was before the window.
    func takeBack(_ window: CurrentWindow) {
        for stream in streams.values { stream.forgetWindow() }
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
