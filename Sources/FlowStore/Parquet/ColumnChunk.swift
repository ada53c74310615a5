// SPDX-License-Identifier: Apache-2.0

/// A column's bytes in one row group, and what the metadata says of them. Offsets are of `bytes`.
struct ColumnChunk {
    struct Page {
        var offset: Int
        /// With its header.
        var size: Int
        var firstRow: Int
        var nulls: Int
        var rows: Int
        var bounds: Bounds?
    }

    /// The least and the most value, as the metadata stores them.
    struct Bounds {
        var least: [UInt8]
        var most: [UInt8]
    }

    var column: ParquetColumn
    var bytes: [UInt8] = []
    var encoding = ParquetNumber.encodingPlain
    var hasDictionary = false
    var pages: [Page] = []
    var values = 0
    var nulls = 0
    var plainSize = 0
    var bounds: Bounds?
    var bloomFilter: [UInt8]?

    var encodings: [Int] {
        let others = [ParquetNumber.encodingPlain, ParquetNumber.encodingRLE]
        return others.contains(encoding) ? others : others + [encoding]
    }
}

/// What the metadata says of a chunk that lies in a file.
struct PlacedChunk {
    var chunk: ColumnChunk
    var start: Int
    var size: Int
    var bloomFilter: (offset: Int, length: Int)?
    /// The column whose bytes these are, where they are not its own.
    var twin: Int?

    /// Keeps no bytes.
    init(_ chunk: ColumnChunk, start: Int) {
        self.chunk = chunk
        self.start = start
        size = chunk.bytes.count
        self.chunk.bytes = []
        self.chunk.bloomFilter = nil
    }
}
