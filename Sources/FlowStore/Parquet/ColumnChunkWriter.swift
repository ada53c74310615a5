// SPDX-License-Identifier: Apache-2.0

/// Encodes a column of a row group: its dictionary and its pages.
struct ColumnChunkWriter {
    private let column: ParquetColumn
    private let pageRows: Int
    private let rows: Int
    private var chunk: ColumnChunk

    /// For each row the place among the different values; empty where there is no dictionary.
    private var places: [UInt32] = []
    /// Where the column is one of numbers.
    private var numbers: [Int64] = []
    private var values: [Int64] = []
    private var texts = TextDictionary()
    /// Whether all rows have the first value of the dictionary.
    private var isSame = false
    /// The order of the texts, where they have bounds.
    private var ranks: [UInt32] = []

    /// Bounds of texts that are longer are left out.
    private static let longestBound = 64
    private static let mostTextsWithBounds = 1024
    /// So few numbers are in a dictionary, whatever it saves: it answers a query faster.
    private static let smallDictionary = 256
    private static let sampledNumbers = 4096
    /// Shorter texts are in a dictionary, whether it saves or not: it answers a query faster.
    private static let fewestBytesOfPlainText = 64

    /// - Parameters:
    ///   - pageRows: rows of a page, which readers skip as a whole.
    ///   - isIndexed: whether the chunk gets a Bloom filter.
    static func chunk(
        of content: ColumnContent, pageRows: Int, isIndexed: Bool, _ compressor: borrowing PageCompressor
    ) -> ColumnChunk {
        var writer = ColumnChunkWriter(content, pageRows)
        writer.write(compressor)
        if isIndexed, writer.chunk.hasDictionary { writer.addBloomFilter() }
        return writer.chunk
    }

    private init(_ content: ColumnContent, _ pageRows: Int) {
        column = content.column
        rows = content.rows
        self.pageRows = pageRows
        chunk = ColumnChunk(column: content.column)
        switch content.values {
        case .nothing: chunk.nulls = rows
        case .numbers(let numbers): plan(numbers)
        case .texts(let places, let texts): plan(places, texts)
        }
        chunk.values = rows
    }

    private mutating func plan(_ numbers: [Int64]) {
        self.numbers = numbers
        var (least, most, nulls) = (Int64.max, Int64.min, 0)
        let source = numbers.span
        for row in source.indices {
            let number = source[row]
            guard number != ColumnContent.noNumber else {
                nulls += 1
                continue
            }
            least = min(least, number)
            most = max(most, number)
        }
        chunk.nulls = nulls
        guard nulls < rows, column.kind != .boolean else { return }
        chunk.bounds = bounds(least, most)
        if nulls == 0, least == most {
            (isSame, values) = (true, [least])
            chunk.hasDictionary = true
            chunk.encoding = ParquetNumber.encodingDictionary
            return
        }
        if let dictionary = NumberDictionary(numbers, least: least, most: most) {
            let width = RunLengthEncoding.bitWidth(upTo: dictionary.values.count - 1)
            // A number of a dictionary takes the bytes that its range takes, when it is compressed.
            let range = (64 - UInt64(bitPattern: most &- least).leadingZeroBitCount + 7) / 8
            let size = dictionary.values.count * range * 8 + (rows - nulls) * width
            if dictionary.values.count < Self.smallDictionary
                || size * 9 <= bitsOfDifferences * (rows - nulls) * 10 / 100
            {
                (places, values) = (dictionary.places, dictionary.values)
                chunk.hasDictionary = true
                chunk.encoding = ParquetNumber.encodingDictionary
                return
            }
        }
        chunk.encoding = ParquetNumber.encodingDelta
    }

    /// A hundredth of a bit that a number takes as a difference, from a sample.
    private var bitsOfDifferences: Int {
        let sample = numbers[(rows / 2)...].lazy.filter { $0 != ColumnContent.noNumber }.prefix(Self.sampledNumbers)
        guard sample.count > 1 else { return 6400 }
        var bytes: [UInt8] = []
        DeltaEncoding.append(Array(sample), to: &bytes)
        return bytes.count * 800 / sample.count
    }

    private mutating func plan(_ places: [UInt32], _ texts: TextDictionary) {
        (self.places, self.texts) = (places, texts)
        var nulls = 0
        let source = places.span
        for row in source.indices where source[row] == ColumnContent.noText { nulls += 1 }
        chunk.nulls = nulls
        guard nulls < rows else { return }
        if texts.count <= Self.mostTextsWithBounds {
            let order = (0..<texts.count).sorted { texts[$0].lexicographicallyPrecedes(texts[$1]) }
            ranks = [UInt32](repeating: 0, count: texts.count)
            for (rank, place) in order.enumerated() { ranks[place] = UInt32(rank) }
            order.first.map { chunk.bounds = bounds(of: $0, order[order.count - 1]) }
        } else {
            chunk.bounds = boundsOfAllTexts
        }
        let average = texts.bytes.count / texts.count
        let width = RunLengthEncoding.bitWidth(upTo: texts.count - 1)
        if texts.bytes.count + (rows - nulls) * width / 8 < (rows - nulls) * average
            || average < Self.fewestBytesOfPlainText
        {
            isSame = texts.count == 1 && nulls == 0
            chunk.hasDictionary = true
            chunk.encoding = ParquetNumber.encodingDictionary
        }
    }

    private mutating func write(_ compressor: borrowing PageCompressor) {
        if chunk.hasDictionary { writeDictionary(compressor) }
        // A page without values is skipped anyway.
        let pageRows = chunk.nulls == rows ? rows : self.pageRows
        var row = 0
        while row < rows {
            writePage(row..<min(rows, row + pageRows), compressor)
            row += pageRows
        }
    }

    private mutating func writeDictionary(_ compressor: borrowing PageCompressor) {
        var content = texts.bytes
        if column.kind != .string { for number in values { content.appendPlain(number, column.kind) } }
        let count = column.kind == .string ? texts.count : values.count
        append(content, ParquetNumber.pageDictionary, compressor) { header in
            header.structure(7) { dictionary in
                dictionary.int32(1, count)
                dictionary.int32(2, ParquetNumber.encodingPlain)
            }
        }
    }

    private mutating func writePage(_ range: Range<Int>, _ compressor: borrowing PageCompressor) {
        var content: [UInt8] = [0, 0, 0, 0]
        let nulls = appendLevels(range, to: &content)
        let length = content.count - 4
        for byte in 0..<4 { content[byte] = UInt8(truncatingIfNeeded: length >> (8 * byte)) }
        // DuckDB reads the head of the values also where a page has none.
        if chunk.nulls < rows { appendValues(range, nulls, to: &content) }
        let start = chunk.bytes.count
        let encoding = chunk.encoding
        append(content, ParquetNumber.pageData, compressor) { header in
            header.structure(5) { page in
                page.int32(1, range.count)
                page.int32(2, encoding)
                page.int32(3, ParquetNumber.encodingRLE)
                page.int32(4, ParquetNumber.encodingRLE)
            }
        }
        chunk.pages.append(
            ColumnChunk.Page(
                offset: start, size: chunk.bytes.count - start, firstRow: range.lowerBound, nulls: nulls,
                rows: range.count, bounds: nulls < range.count ? bounds(of: range) : nil))
    }

    private func isNull(_ row: Int) -> Bool {
        if numbers.isEmpty { return places.isEmpty || places[row] == ColumnContent.noText }
        return numbers[row] == ColumnContent.noNumber
    }

    /// 1 where there is a value, 0 where there is none; returns how many there are of the latter.
    private func appendLevels(_ range: Range<Int>, to bytes: inout [UInt8]) -> Int {
        if chunk.nulls == 0 || chunk.nulls == rows {
            RunLengthEncoding.appendRun(range.count, of: chunk.nulls == 0 ? 1 : 0, 1, to: &bytes)
            return chunk.nulls == 0 ? 0 : range.count
        }
        var levels = [UInt32](repeating: 0, count: range.count)
        var present = 0
        for row in range where !isNull(row) {
            levels[row - range.lowerBound] = 1
            present += 1
        }
        RunLengthEncoding.append(levels, bitWidth: 1, to: &bytes)
        return range.count - present
    }

    private func appendValues(_ range: Range<Int>, _ nulls: Int, to content: inout [UInt8]) {
        if chunk.hasDictionary { return appendPlaces(range, nulls, to: &content) }
        switch column.kind {
        case .boolean: appendBits(numbers[range].filter { $0 != ColumnContent.noNumber }, to: &content)
        case .int32, .int64:
            DeltaEncoding.append(
                nulls == 0 ? Array(numbers[range]) : numbers[range].filter { $0 != ColumnContent.noNumber },
                to: &content)
        case .string:
            for row in range where places[row] != ColumnContent.noText {
                content.append(contentsOf: texts.stored(Int(places[row])))
            }
        }
    }

    private func appendPlaces(_ range: Range<Int>, _ nulls: Int, to content: inout [UInt8]) {
        let count = column.kind == .string ? texts.count : values.count
        let width = max(1, RunLengthEncoding.bitWidth(upTo: count - 1))
        content.append(UInt8(width))
        if isSame { return RunLengthEncoding.appendRun(range.count, of: 0, width, to: &content) }
        let present = nulls == 0 ? Array(places[range]) : places[range].filter { $0 != ColumnContent.noText }
        RunLengthEncoding.append(present, bitWidth: width, to: &content)
    }

    private func appendBits(_ truths: [Int64], to content: inout [UInt8]) {
        var byte: UInt8 = 0
        for (place, truth) in truths.enumerated() {
            if truth != 0 { byte |= 1 << UInt8(place % 8) }
            if place % 8 == 7 {
                content.append(byte)
                byte = 0
            }
        }
        if truths.count % 8 != 0 { content.append(byte) }
    }

    private mutating func append(
        _ content: [UInt8], _ type: Int, _ compressor: borrowing PageCompressor,
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
        chunk.bytes += writer.bytes
        chunk.bytes += compressed
        chunk.plainSize += writer.bytes.count + content.count
    }

    private mutating func addBloomFilter() {
        var filter = BloomFilter(values: texts.count)
        for place in 0..<texts.count { filter.insert(XXH64.hash(texts[place])) }
        chunk.bloomFilter = filter.bytes
    }
}

extension ColumnChunkWriter {
    /// Of the values of a page, at least one of which is not null.
    private func bounds(of range: Range<Int>) -> ColumnChunk.Bounds? {
        if isSame { return chunk.bounds }
        switch column.kind {
        case .boolean: return nil
        case .int32, .int64:
            var (least, most) = (Int64.max, Int64.min)
            let source = numbers.span.extracting(range)
            for row in source.indices where source[row] != ColumnContent.noNumber {
                least = min(least, source[row])
                most = max(most, source[row])
            }
            return bounds(least, most)
        case .string:
            guard !ranks.isEmpty else { return nil }
            // Among runs of one text each is looked at once.
            var (least, most, last) = (-1, -1, ColumnContent.noText)
            let source = places.span.extracting(range)
            for row in source.indices where source[row] != last && source[row] != ColumnContent.noText {
                last = source[row]
                let place = Int(last)
                if least < 0 || ranks[place] < ranks[least] { least = place }
                if most < 0 || ranks[place] > ranks[most] { most = place }
            }
            return bounds(of: least, most)
        }
    }

    private func bounds(_ least: Int64, _ most: Int64) -> ColumnChunk.Bounds {
        var bounds = ColumnChunk.Bounds(least: [], most: [])
        bounds.least.appendPlain(least, column.kind)
        bounds.most.appendPlain(most, column.kind)
        return bounds
    }

    private func bounds(of least: Int, _ most: Int) -> ColumnChunk.Bounds? {
        let (least, most) = (texts[least], texts[most])
        guard least.count <= Self.longestBound, most.count <= Self.longestBound else { return nil }
        return ColumnChunk.Bounds(least: Array(least), most: Array(most))
    }

    private var boundsOfAllTexts: ColumnChunk.Bounds? {
        var (least, most) = (0, 0)
        for place in 1..<texts.count {
            if texts[place].lexicographicallyPrecedes(texts[least]) { least = place }
            if texts[most].lexicographicallyPrecedes(texts[place]) { most = place }
        }
        return bounds(of: least, most)
    }
}
