// SPDX-License-Identifier: Apache-2.0

/// What the metadata says of a column's bytes in one row group. Offsets are of the file.
struct ColumnChunk {
    struct Page {
        var offset: Int
        /// With its header.
        var size: Int
        var firstRow: Int
        var nulls: Int
        var rows: Int
        var bounds: (least: [UInt8], most: [UInt8])?
    }

    let column: ParquetColumn
    var start = 0
    var dictionaryOffset: Int?
    var pages: [Page] = []
    var values = 0
    var nulls = 0
    var plainSize = 0
    var size = 0
    var bounds: (least: [UInt8], most: [UInt8])?

    init(_ column: ParquetColumn) { self.column = column }

    var encodings: [Int] {
        dictionaryOffset == nil
            ? [ParquetNumber.encodingPlain, ParquetNumber.encodingRLE]
            : [ParquetNumber.encodingPlain, ParquetNumber.encodingRLE, ParquetNumber.encodingDictionary]
    }
}

/// Writes the pages of one column.
struct ColumnChunkWriter {
    private let buffer: ColumnBuffer
    private let isDictionary: Bool
    private let bitWidth: Int
    private let pageRows: Int
    private var chunk: ColumnChunk

    /// Bounds of texts that are longer are left out.
    private static let longestBound = 64
    private static let mostTextsWithPageBounds = 1024

    /// - Parameter pageRows: rows of a page, which readers skip as a whole.
    init(_ buffer: ColumnBuffer, pageRows: Int) {
        self.buffer = buffer
        self.pageRows = pageRows
        chunk = ColumnChunk(buffer.column)
        let count = buffer.column.kind == .string ? buffer.texts.count : buffer.numbers.values.count
        bitWidth = max(1, RunLengthEncoding.bitWidth(upTo: count - 1))
        isDictionary = count > 0 && buffer.column.kind != .boolean && Self.saves(buffer, bitWidth)
    }

    /// Whether different values and their places take less than the values.
    private static func saves(_ buffer: ColumnBuffer, _ bitWidth: Int) -> Bool {
        let places = buffer.indices.count * bitWidth / 8
        switch buffer.column.kind {
        case .boolean: return false
        case .int32: return buffer.numbers.values.count * 4 + places < buffer.indices.count * 4
        case .int64: return buffer.numbers.values.count * 8 + places < buffer.indices.count * 8
        case .string:
            let average = buffer.texts.bytes.count / max(1, buffer.texts.count)
            return buffer.texts.bytes.count + places < buffer.indices.count * average
        }
    }

    /// - Parameter offset: of the file, where `bytes` begin.
    mutating func write(with compressor: borrowing PageCompressor, at offset: Int, to bytes: inout [UInt8])
        -> ColumnChunk
    {
        chunk.start = offset + bytes.count
        chunk.bounds = bounds(of: 0..<buffer.indices.count, isWhole: true)
        if isDictionary { writeDictionary(compressor, offset, &bytes) }
        var presence = buffer.presence
        var row = 0
        var value = 0
        while presence.rows > 0 {
            let rows = min(pageRows, presence.rows)
            let runs = presence.take(rows)
            let present = runs.reduce(0) { $0 + ($1.isPresent ? $1.count : 0) }
            writePage(runs, rows, value..<value + present, row, compressor, offset, &bytes)
            row += rows
            value += present
        }
        chunk.values = row
        chunk.nulls = row - value
        return chunk
    }

    private mutating func writeDictionary(_ compressor: borrowing PageCompressor, _ offset: Int, _ bytes: inout [UInt8])
    {
        var content: [UInt8] = []
        let count: Int
        if buffer.column.kind == .string {
            content = buffer.texts.bytes
            count = buffer.texts.count
        } else {
            for number in buffer.numbers.values { content.appendPlain(number, buffer.column.kind) }
            count = buffer.numbers.values.count
        }
        chunk.dictionaryOffset = offset + bytes.count
        append(content, ParquetNumber.pageDictionary, compressor, &bytes) { header in
            header.structure(7) { dictionary in
                dictionary.int32(1, count)
                dictionary.int32(2, ParquetNumber.encodingPlain)
            }
        }
    }

    private mutating func writePage(
        _ runs: [PresenceRuns.Run], _ rows: Int, _ values: Range<Int>, _ firstRow: Int,
        _ compressor: borrowing PageCompressor, _ offset: Int, _ bytes: inout [UInt8]
    ) {
        var content: [UInt8] = [0, 0, 0, 0]
        Self.appendLevels(runs, to: &content)
        let length = content.count - 4
        for byte in 0..<4 { content[byte] = UInt8(truncatingIfNeeded: length >> (8 * byte)) }
        appendValues(values, to: &content)
        let start = bytes.count
        let encoding = isDictionary ? ParquetNumber.encodingDictionary : ParquetNumber.encodingPlain
        append(content, ParquetNumber.pageData, compressor, &bytes) { header in
            header.structure(5) { page in
                page.int32(1, rows)
                page.int32(2, encoding)
                page.int32(3, ParquetNumber.encodingRLE)
                page.int32(4, ParquetNumber.encodingRLE)
            }
        }
        chunk.pages.append(
            ColumnChunk.Page(
                offset: offset + start, size: bytes.count - start, firstRow: firstRow, nulls: rows - values.count,
                rows: rows, bounds: bounds(of: values, isWhole: false)))
    }

    /// 1 where there is a value, 0 where there is none.
    private static func appendLevels(_ runs: [PresenceRuns.Run], to bytes: inout [UInt8]) {
        if runs.count == 1 {
            RunLengthEncoding.appendRun(runs[0].count, of: runs[0].isPresent ? 1 : 0, 1, to: &bytes)
            return
        }
        var levels: [UInt32] = []
        for run in runs { levels.append(contentsOf: repeatElement(run.isPresent ? 1 : 0, count: run.count)) }
        RunLengthEncoding.append(levels[...], bitWidth: 1, to: &bytes)
    }

    private func appendValues(_ range: Range<Int>, to content: inout [UInt8]) {
        let indices = buffer.indices[range]
        if isDictionary {
            content.append(UInt8(bitWidth))
            RunLengthEncoding.append(indices, bitWidth: bitWidth, to: &content)
            return
        }
        switch buffer.column.kind {
        case .boolean:
            var byte: UInt8 = 0
            for (place, index) in indices.enumerated() {
                if buffer.numbers.values[Int(index)] != 0 { byte |= 1 << UInt8(place % 8) }
                if place % 8 == 7 {
                    content.append(byte)
                    byte = 0
                }
            }
            if indices.count % 8 != 0 { content.append(byte) }
        case .int32, .int64:
            for index in indices { content.appendPlain(buffer.numbers.values[Int(index)], buffer.column.kind) }
        case .string:
            for index in indices { content.append(contentsOf: buffer.texts.stored(Int(index))) }
        }
    }

    private mutating func append(
        _ content: [UInt8], _ type: Int, _ compressor: borrowing PageCompressor, _ bytes: inout [UInt8],
        _ describe: (inout ThriftWriter) -> Void
    ) {
        let compressed = compressor.compress(content)
        var writer = ThriftWriter()
        writer.element { header in
            header.int32(1, type)
            header.int32(2, content.count)
            header.int32(3, compressed.count)
            describe(&header)
        }
        bytes += writer.bytes
        bytes += compressed
        chunk.plainSize += writer.bytes.count + content.count
        chunk.size += writer.bytes.count + compressed.count
    }

    /// The least and the most of some values, as the metadata stores them; nil where there are none, or they would be too long.
    private func bounds(of range: Range<Int>, isWhole: Bool) -> (least: [UInt8], most: [UInt8])? {
        guard !range.isEmpty else { return nil }
        switch buffer.column.kind {
        case .boolean: return nil
        case .int32, .int64:
            var least = Int64.max
            var most = Int64.min
            for index in buffer.indices[range] {
                let number = buffer.numbers.values[Int(index)]
                least = min(least, number)
                most = max(most, number)
            }
            var bounds: (least: [UInt8], most: [UInt8]) = ([], [])
            bounds.least.appendPlain(least, buffer.column.kind)
            bounds.most.appendPlain(most, buffer.column.kind)
            return bounds
        case .string: return isWhole ? boundsOfAllTexts : boundsOfTexts(range)
        }
    }

    private var boundsOfAllTexts: (least: [UInt8], most: [UInt8])? { boundsOfTexts(0..<buffer.texts.count) { $0 } }

    private func boundsOfTexts(_ range: Range<Int>) -> (least: [UInt8], most: [UInt8])? {
        guard buffer.texts.count <= Self.mostTextsWithPageBounds else { return nil }
        let places = Set(buffer.indices[range]).map(Int.init)
        return boundsOfTexts(0..<places.count) { places[$0] }
    }

    private func boundsOfTexts(_ range: Range<Int>, _ place: (Int) -> Int) -> (least: [UInt8], most: [UInt8])? {
        guard let first = range.first else { return nil }
        var (least, most) = (buffer.texts[place(first)], buffer.texts[place(first)])
        for index in range.dropFirst() {
            let text = buffer.texts[place(index)]
            if text.lexicographicallyPrecedes(least) { least = text }
            if most.lexicographicallyPrecedes(text) { most = text }
        }
        guard least.count <= Self.longestBound, most.count <= Self.longestBound else { return nil }
        return (Array(least), Array(most))
    }
}

extension [UInt8] {
    /// As Parquet's PLAIN has it: least significant byte first.
    mutating func appendPlain(_ number: Int64, _ kind: ParquetColumn.Kind) {
        for byte in 0..<(kind == .int64 ? 8 : 4) { append(UInt8(truncatingIfNeeded: number >> Int64(8 * byte))) }
    }
}
