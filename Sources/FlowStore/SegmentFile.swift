// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import SystemPackage

/// A segment that grows under a temporary name.
final class SegmentFile {
    let segment: StoredSegment
    private let path: FilePath
    private let file: HeldFile
    private var parquet: ParquetWriter
    private let encoder: RowGroupEncoder
    private var bytes: [UInt8] = []
    private(set) var length: Int64 = 0
    private var sums = StoredSums()
    /// The first thing that failed; nothing is written after it.
    private var failure: StoreError?

    /// - Parameter path: of the store, for sentences.
    init(_ segment: StoredSegment, _ file: HeldFile, _ path: FilePath, pageRows: Int, level: Int = 1) {
        parquet = ParquetWriter(columns: FlowColumn.schema)
        encoder = RowGroupEncoder(ChosenColumn.store, pageRows: pageRows, level: level)
        self.segment = segment
        self.file = file
        self.path = path
    }

    /// Writes a row group.
    func append(_ rows: borrowing FlowRows) {
        guard failure == nil else { return }
        let (group, groupSums) = encoder.encode(rows)
        parquet.append(group, to: &bytes)
        sums.add(groupSums)
        write()
    }

    /// Writes a row group of a merged file.
    func append(_ columns: MergedColumns) throws {
        if let failure { throw failure }
        parquet.beginGroup(rows: columns.rows)
        for column in FlowColumn.allCases {
            if let twin = column.twin, columns.areTwins(column, twin) {
                parquet.appendTwin(of: twin.rawValue, to: &bytes)
            } else {
                let chunk = encoder.encode(try columns.content(of: column), isIndexed: column.isIndexed)
                parquet.append(chunk, to: &bytes)
            }
        }
        write()
    }

    /// Writes the end of the file, and waits until it is on the disk.
    func finish(_ metadata: [(name: String, value: String)]) throws(StoreError) {
        if failure == nil {
            parquet.finish(metadata + sums.metadata, createdBy: ParquetWriter.creator, to: &bytes)
            write()
        }
        if let failure { throw failure }
        try StoreError.wrap(.write, path) { try file.synchronize() }
    }

    private func write() {
        do throws(StoreError) {
            try StoreError.wrap(.write, path) { try file.writeAll(bytes) }
            length += Int64(bytes.count)
        } catch {
            failure = error
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
