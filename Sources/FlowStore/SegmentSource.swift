// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import Glibc
import SystemPackage

/// A file of the store that is open to be read. Nothing of its bytes is trusted.
final class SegmentSource {
    let segment: StoredSegment
    private let path: FilePath
    private let file: HeldFile
    let size: Int
    private var known: ParquetFooter?

    /// nil where the file is gone.
    ///
    /// - Parameter path: of the store, for sentences.
    init?(_ segment: StoredSegment, in folder: HeldFolder, _ path: FilePath) throws(StoreError) {
        self.segment = segment
        self.path = path.appending(segment.path.components)
        let opened = try StoreError.wrap(.read, self.path) { () throws -> (HeldFile, Int)? in
            do {
                let file = try folder.folder(segment.folder).open(segment.name, O_RDONLY)
                return (file, Int(try file.facts().st_size))
            } catch let error as Errno where [.noSuchFileOrDirectory, .notDirectory].contains(error) {
                return nil
            }
        }
        guard let opened else { return nil }
        (file, size) = opened
    }

    func footer() throws -> ParquetFooter {
        if let known { return known }
        guard size > ParquetFooter.tail else { throw ParquetError.damaged("it is too short") }
        let end = size - ParquetFooter.tail
        let length = try ParquetFooter.length(try read(end..<size)[...])
        guard length <= end else { throw ParquetError.damaged("its metadata is longer than the file") }
        let footer = try ParquetFooter(try read(end - length..<end)[...])
        known = footer
        return footer
    }

    /// By `FlowColumn.rawValue`: the place of the column among the file's.
    func places() throws -> [Int?] {
        let columns = try footer().columns
        if columns == FlowColumn.schema { return Self.ownPlaces }
        return FlowColumn.allCases.map { column in columns.firstIndex(of: column.schema) }
    }

    /// Of a file that this version wrote.
    private static let ownPlaces = FlowColumn.allCases.map { Optional($0.rawValue) }

    /// `unsafe`: the pointer is for the call only.
    func read(_ range: Range<Int>) throws -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw ParquetError.damaged("a part of it lies outside the file")
        }
        return try StoreError.wrap(.read, path) {
            var count = 0
            return try unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
                while count < range.count {
                    let all = UnsafeMutableRawBufferPointer(buffer)
                    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: all[count..<range.count])
                    let read = unsafe try file.read(fromAbsoluteOffset: Int64(range.lowerBound + count), into: rest)
                    guard read > 0 else { throw Errno.ioError }
                    count += read
                    filled = count
                }
            }
        }
    }

    /// Whether each column of each row group can be read: the slow way to find out which of several files is damaged.
    func isReadable() -> Bool {
        do {
            let places = try places()
            for group in try footer().groups {
                for column in FlowColumn.allCases {
                    guard let place = places[column.rawValue] else { continue }
                    let chunk = group.chunks[place]
                    let reader = try ColumnReader(try read(chunk.range), of: chunk, column.schema, rows: group.rows)
                    for page in reader.pages.indices { try reader.decode(page) }
                }
            }
            return true
        } catch {
            return false
        }
    }
}
