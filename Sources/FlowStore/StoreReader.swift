// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowModel
import Glibc
package import SystemPackage

/// Reads a store, also one that a daemon writes to, or that was copied from elsewhere. Used from one thread.
package final class StoreReader {
    private let store: StoreFolder
    /// Files that could not be read, or only up to a place: each is here once. The others are read all the same.
    package private(set) var damages: [StoreDamage] = []
    /// Called with each of `damages` when it is found.
    package var onDamage: (StoreDamage) -> Void = { _ in }

    package init(_ path: FilePath) throws(StoreError) { store = try StoreFolder(reading: path) }

    func note(_ damage: StoreDamage) {
        guard !damages.contains(where: { $0.segment.path == damage.segment.path }) else { return }
        damages.append(damage)
        onDamage(damage)
    }

    /// Segments with a line in that time, the oldest first.
    ///
    /// - Parameters:
    ///   - since: Unix seconds.
    ///   - until: Unix seconds; lines that begin then are not in it.
    package func segments(since: Int64? = nil, until: Int64? = nil) throws(StoreError) -> [StoredSegment] {
        try store.segments(since: since, until: until)
    }

    /// The highest number of a window; nil where there is none.
    package func newestSequence() throws(StoreError) -> UInt64? {
        try store.segments().lazy.map(\.identity.sequence).max()
    }

    /// Segments of windows with higher numbers, in the order of their numbers.
    package func segments(after sequence: UInt64) throws(StoreError) -> [StoredSegment] {
        try store.segments().filter { $0.identity.sequence > sequence }.sorted { $0.identity < $1.identity }
    }

    /// Calls `body` with each line of a segment, in the order of the file.
    ///
    /// Holds one row group in memory.
    ///
    /// - Returns: false where the segment was deleted meanwhile, or became part of another file.
    /// - Throws: StoreError, or ParquetError where the file is not one.
    @discardableResult
    package func forEachEntry(of segment: StoredSegment, _ body: (LogEntry) throws -> Void) throws -> Bool {
        guard let file = try open(segment) else { return false }
        defer { try? file.close() }
        let size = Int(try StoreError.wrap(.read, path(segment)) { try file.facts().st_size })
        let footer = try footer(of: file, size, segment)
        let columns = Dictionary(footer.columns.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        for group in footer.groups {
            var values = [ColumnValues?](repeating: nil, count: FlowColumn.schema.count)
            for (index, column) in FlowColumn.schema.enumerated() {
                guard let place = columns[column] else { continue }
                let chunk = group.chunks[place]
                values[index] = try ColumnValues(
                    try read(file, chunk.range, size, segment)[...], of: chunk, rows: group.rows)
            }
            var rows = StoredRows(values, count: group.rows)
            for row in 0..<group.rows { try body(try rows.entry(row)) }
        }
        return true
    }

    private func path(_ segment: StoredSegment) -> FilePath { store.path.appending(segment.path.components) }

    private func open(_ segment: StoredSegment) throws(StoreError) -> HeldFile? {
        try StoreError.wrap(.read, path(segment)) {
            do {
                return try store.folder.folder(segment.folder).open(segment.name, O_RDONLY)
            } catch let error as Errno where error == .noSuchFileOrDirectory {
                return nil
            }
        }
    }

    private func footer(
        of file: HeldFile, _ size: Int, _ segment: StoredSegment
    ) throws -> ParquetFooter {
        guard size > ParquetFooter.tail else { throw ParquetError.damaged("it is too short") }
        let tail = try read(file, size - ParquetFooter.tail..<size, size, segment)
        let length = try ParquetFooter.length(tail[...])
        let end = size - ParquetFooter.tail
        guard length <= end else { throw ParquetError.damaged("its metadata is longer than the file") }
        return try ParquetFooter(try read(file, end - length..<end, size, segment)[...])
    }

    /// `unsafe`: the pointer is for the call only.
    private func read(
        _ file: HeldFile, _ range: Range<Int>, _ size: Int, _ segment: StoredSegment
    ) throws -> [UInt8] {
        guard range.upperBound <= size else { throw ParquetError.damaged("a column lies outside the file") }
        return try StoreError.wrap(.read, path(segment)) {
            var bytes = [UInt8](repeating: 0, count: range.count)
            var count = 0
            while count < bytes.count {
                let read = try unsafe bytes.withUnsafeMutableBytes { buffer in
                    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
                    return unsafe try file.read(fromAbsoluteOffset: Int64(range.lowerBound + count), into: rest)
                }
                guard read > 0 else { throw Errno.ioError }
                count += read
            }
            return bytes
        }
    }
}
