// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowStore
import Glibc
internal import SystemPackage

/// A log file that grows by whole gzip members, or row groups of Parquet, under a temporary name.
///
/// Where one could not be written in full the file must be cut back, or discarded.
final class LogFile {
    /// What a file grows by.
    enum Piece {
        case member(ArraySlice<UInt8>)
        /// And what its rows add up to.
        case group(EncodedGroup, StoredSums)
    }

    /// The end of a Parquet file is written when it is published.
    fileprivate struct ParquetEnd {
        var writer: ParquetWriter
        var sums = StoredSums()

        var bytes: [UInt8] {
            var bytes: [UInt8] = []
            writer.finish(sums.metadata, createdBy: ParquetWriter.creator, to: &bytes)
            return bytes
        }
    }

    /// Where it goes when it is published.
    let place: LogFilePlace
    /// Where it grows.
    private let folder: HeldFolder
    private(set) var length: Int64 = 0
    /// Whether it holds more than the header.
    private(set) var holdsRecords = false
    /// nil: the file is one of lines, which needs no end.
    private var parquet: ParquetEnd?
    private let file: HeldFile

    /// How far a file had grown.
    struct Mark {
        let length: Int64
        let holdsRecords: Bool
        fileprivate let parquet: ParquetEnd?
    }

    /// Creates the file in the folder for those that are not published yet.
    init(_ place: LogFilePlace, _ content: LogFileContent, in folders: LogFolders) throws(ExportError) {
        self.place = place
        if case .parquet(let columns) = content {
            parquet = ParquetEnd(writer: ParquetWriter(columns: columns.map(\.column)))
        }
        let staging = folders.directory.appending(folders.stagingName)
        let folder = try ExportError.wrap(.createFolder, staging) { try folders.openStaging() }
        self.folder = folder
        file = try ExportError.wrap(.createFile, staging.appending(place.name)) {
            try folder.open(place.name, O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
        }
    }

    var temporaryPath: FilePath { folder.path.appending(place.name) }

    var mark: Mark { Mark(length: length, holdsRecords: holdsRecords, parquet: parquet) }

    /// Whether its name was taken away, or leads to another file.
    var isRemoved: Bool { !folder.holds(file, as: place.name) }

    /// Appends a piece; returns how many bytes that took.
    ///
    /// - Parameter holdsRecords: whether the piece does.
    @discardableResult
    func append(_ piece: Piece, holdsRecords: Bool) throws(ExportError) -> Int {
        let grown = grown(by: piece)
        let size = try write(grown.bytes)
        parquet = grown.parquet
        length += Int64(size)
        if holdsRecords { self.holdsRecords = true }
        return size
    }

    /// The length of the whole file if it grew by the piece.
    func length(with piece: Piece) -> Int64 {
        let grown = grown(by: piece)
        return length + Int64(grown.bytes.count + (grown.parquet?.bytes.count ?? 0))
    }

    private func grown(by piece: Piece) -> (bytes: ArraySlice<UInt8>, parquet: ParquetEnd?) {
        switch piece {
        case .member(let bytes): return (bytes, nil)
        case .group(let group, let sums):
            guard var parquet else { preconditionFailure("a file of lines takes no row group") }
            var bytes: [UInt8] = []
            parquet.writer.append(group, to: &bytes)
            parquet.sums.add(sums)
            return (bytes[...], parquet)
        }
    }

    private func write(_ bytes: ArraySlice<UInt8>) throws(ExportError) -> Int {
        try ExportError.wrap(.write, temporaryPath) { try file.writeAll(toAbsoluteOffset: length, bytes) }
        return bytes.count
    }

    /// Writes the end that the format asks for. The file can grow all the same, over its end.
    ///
    /// - Returns: the length of the whole file.
    func complete() throws(ExportError) -> Int64 {
        guard let parquet else { return length }
        try cut(to: mark)
        return length + Int64(try write(parquet.bytes[...]))
    }

    /// Takes back what was written since, whole or not.
    func cut(to mark: Mark) throws(ExportError) {
        try ExportError.wrap(.write, temporaryPath) { try file.resize(to: mark.length) }
        length = mark.length
        holdsRecords = mark.holdsRecords
        parquet = mark.parquet
    }

    /// Waits until its content is on the disk.
    func synchronize() throws(ExportError) {
        try ExportError.wrap(.publish, place.path) { try file.synchronize() }
    }

    /// Removes the file; it must not be used afterwards.
    func discard() { try? folder.remove(place.name) }
}
