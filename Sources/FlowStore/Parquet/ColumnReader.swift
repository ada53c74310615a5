// SPDX-License-Identifier: Apache-2.0

/// Reads a column of a row group, a page at a time: the different values, and for each row of the page the place of its own.
///
/// Nothing of the bytes is trusted.
final class ColumnReader {
    struct Page: Equatable {
        var firstRow: Int
        var rows: Int
        fileprivate var content: Range<Int>
        fileprivate var size: Int
        fileprivate var encoding: Int
    }

    static let null = UInt32.max

    let column: ParquetColumn
    let rows: Int
    private(set) var pages: [Page] = []
    /// Of columns of numbers and of booleans: those of the dictionary, and behind them those of the page.
    private(set) var numbers: [Int64] = []
    private(set) var texts = TextDictionary()
    /// The dictionary's part of them.
    private(set) var dictionaryCount = 0
    /// Of the page that was decoded last, by row; `null`.
    private(set) var places: [UInt32] = []

    private let bytes: [UInt8]
    private let codec: Int
    private var decoded: Int?

    private static let largestPage = 1 << 26
    private static let mostPageRows = 1 << 17

    /// - Parameters:
    ///   - bytes: those of `Chunk.range`, or of its dictionary and a page, or of a page; empty where the column has nothing but nulls.
    ///   - rows: of these pages.
    ///   - other: has the dictionary, where `bytes` does not have it.
    init(
        _ bytes: [UInt8], of chunk: ParquetFooter.Chunk, _ column: ParquetColumn, rows: Int,
        dictionaryOf other: ColumnReader? = nil
    ) throws(ParquetError) {
        self.column = column
        self.rows = rows
        self.bytes = bytes
        codec = chunk.codec
        guard !chunk.isEmpty else { return }
        if let other { (numbers, texts, dictionaryCount) = other.dictionary }
        var position = 0
        var row = 0
        while row < rows {
            var reader = ThriftReader(bytes[position...])
            let header = try PageHeader(&reader)
            position = reader.position
            guard (0...bytes.count - position).contains(header.stored), (0...Self.largestPage).contains(header.size)
            else { throw .damaged("a page of column \(column.name) is cut") }
            let content = position..<position + header.stored
            position += header.stored
            if header.type == ParquetNumber.pageDictionary {
                guard row == 0, dictionaryCount == 0 else { throw .damaged("a dictionary is behind its pages") }
                guard header.hasDictionary else { throw .damaged("a dictionary has no header") }
                dictionaryCount = header.values
                try readPlain(dictionaryCount, try self.content(content, header.size), from: 0)
            } else {
                guard header.type == ParquetNumber.pageData else {
                    throw .unsupported("column \(column.name) has pages of another version")
                }
                pages.append(try page(header, content, firstRow: row))
                row += pages[pages.count - 1].rows
            }
        }
        guard row == rows else { throw .damaged("a page has more rows than its row group") }
    }

    /// Whether all pages name values of the dictionary, so that it says what the column has.
    var isDictionaryOnly: Bool { pages.allSatisfy { Self.isDictionary($0) } }

    /// Whether no row has a value.
    var isEmpty: Bool { pages.isEmpty }

    func isDictionary(_ page: Int) -> Bool { Self.isDictionary(pages[page]) }

    private static func isDictionary(_ page: Page) -> Bool {
        [ParquetNumber.encodingDictionary, ParquetNumber.encodingOldDictionary].contains(page.encoding)
    }

    private func page(_ header: PageHeader, _ content: Range<Int>, firstRow: Int) throws(ParquetError) -> Page {
        guard header.hasPage else { throw .damaged("a page has no header") }
        guard (1...max(1, min(rows - firstRow, Self.mostPageRows))).contains(header.values) else {
            throw .damaged("a page has more rows than its row group")
        }
        return Page(
            firstRow: firstRow, rows: header.values, content: content, size: header.size, encoding: header.encoding)
    }

    private func content(_ range: Range<Int>, _ size: Int) throws(ParquetError) -> [UInt8] {
        switch codec {
        case ParquetNumber.codecNone: return Array(bytes[range])
        case ParquetNumber.codecZstandard: return try PageCompressor.decompress(bytes[range], size: size)
        default: throw .unsupported("column \(column.name) is compressed in a way that Weir does not use")
        }
    }

    /// Adds values, each as a different one.
    private func readPlain(_ count: Int, _ content: [UInt8], from start: Int) throws(ParquetError) {
        guard (0...(content.count - start) * 8).contains(count) else { throw .damaged("a page is cut") }
        var plain = PlainReader(content[start...])
        switch column.kind {
        case .boolean: for place in 0..<count { numbers.append(try plain.bit(place)) }
        case .int32: for _ in 0..<count { numbers.append(Int64(Int32(truncatingIfNeeded: try plain.number(bytes: 4)))) }
        case .int64: for _ in 0..<count { numbers.append(try plain.number(bytes: 8)) }
        case .string: try texts.add(count, plain: content, from: start)
        }
    }

    /// Decodes a page, unless it was the last one.
    @discardableResult
    func decode(_ index: Int) throws(ParquetError) -> ColumnPage {
        if decoded != index { try decodeAnew(index) }
        return ColumnPage(places: places, numbers: numbers, texts: texts, dictionaryCount: dictionaryCount)
    }

    private var dictionary: ([Int64], TextDictionary, Int) {
        forgetPage()
        return (numbers, texts, dictionaryCount)
    }

    private func forgetPage() {
        decoded = nil
        if numbers.count > dictionaryCount { numbers.removeSubrange(dictionaryCount...) }
        texts.keep(dictionaryCount)
    }

    private func decodeAnew(_ index: Int) throws(ParquetError) {
        forgetPage()
        let page = pages[index]
        let content = try content(page.content, page.size)
        var plain = PlainReader(content[...])
        let levels = try plain.block()
        places.removeAll(keepingCapacity: true)
        // Most pages have a value in each row.
        if Self.isWholeRun(levels, of: page.rows) {
            try readValues(page, page.rows, content, from: content.count - plain.left)
        } else {
            var isThere: [UInt32] = []
            try RunLengthEncoding.read(page.rows, bitWidth: 1, from: levels, to: &isThere)
            let present = isThere.reduce(0) { $0 + Int($1) }
            if present > 0 { try readValues(page, present, content, from: content.count - plain.left) }
            spread(isThere)
        }
        decoded = index
    }

    /// Decodes some rows of a page: by their order among `rows`.
    ///
    /// - Parameter rows: of the page, in order, each once.
    func decode(_ index: Int, only rows: [Int]) throws(ParquetError) -> ColumnPage {
        let page = pages[index]
        let isDelta = page.encoding == ParquetNumber.encodingDelta && [.int32, .int64].contains(column.kind)
        guard decoded != index, isDelta || Self.isDictionary(page) else { return try decode(index).only(rows) }
        forgetPage()
        let content = try content(page.content, page.size)
        var plain = PlainReader(content[...])
        let (ranks, present) = try Self.ranks(of: rows, try plain.block(), page.rows)
        let values = plain.rest
        let known = ranks.filter { $0 >= 0 }
        var picked: [UInt32] = []
        if let last = known.last {
            if isDelta {
                try DeltaEncoding.read(present, most: last + 1, from: values, to: &numbers)
                picked = known.map { UInt32(dictionaryCount + $0) }
            } else {
                guard let width = values.first else { throw .damaged("a page is cut") }
                picked = try RunLengthEncoding.pick(known, bitWidth: Int(width), from: values.dropFirst())
                try check(picked)
            }
        }
        var next = picked.makeIterator()
        let places = ranks.map { $0 < 0 ? Self.null : next.next() ?? Self.null }
        return ColumnPage(places: places, numbers: numbers, texts: texts, dictionaryCount: dictionaryCount)
    }

    /// By row: which of the page's values is its own, and -1 where it has none; and how many values the page has.
    private static func ranks(
        of rows: [Int], _ levels: ArraySlice<UInt8>, _ count: Int
    ) throws(ParquetError) -> ([Int], Int) {
        if isWholeRun(levels, of: count) { return (rows, count) }
        var isThere: [UInt32] = []
        try RunLengthEncoding.read(count, bitWidth: 1, from: levels, to: &isThere)
        var (ranks, passed, present): ([Int], Int, Int) = ([], 0, 0)
        for row in rows {
            for before in passed..<row { present += Int(isThere[before]) }
            passed = row
            ranks.append(isThere[row] == 0 ? -1 : present)
        }
        for row in passed..<count { present += Int(isThere[row]) }
        return (ranks, present)
    }

    /// Whether the levels are one run of ones.
    private static func isWholeRun(_ levels: ArraySlice<UInt8>, of rows: Int) -> Bool {
        var reader = PlainReader(levels)
        guard let head = try? reader.varint(), head == UInt64(rows) << 1, let value = try? reader.number(bytes: 1)
        else { return false }
        return value == 1
    }

    /// Puts the places of the values where their rows are.
    private func spread(_ isThere: [UInt32]) {
        var spread = [UInt32](repeating: Self.null, count: isThere.count)
        var next = 0
        for row in isThere.indices where isThere[row] != 0 {
            spread[row] = places[next]
            next += 1
        }
        places = spread
    }

    private func readValues(
        _ page: Page, _ count: Int, _ content: [UInt8], from start: Int
    ) throws(ParquetError) {
        switch page.encoding {
        case ParquetNumber.encodingPlain:
            try readPlain(count, content, from: start)
            placeNew(count)
        case ParquetNumber.encodingDelta where column.kind == .int64 || column.kind == .int32:
            try DeltaEncoding.read(count, from: content[start...], to: &numbers)
            placeNew(count)
        case ParquetNumber.encodingDictionary, ParquetNumber.encodingOldDictionary:
            guard start < content.count else { throw .damaged("a page is cut") }
            try RunLengthEncoding.read(
                count, bitWidth: Int(content[start]), from: content[(start + 1)...], to: &places)
            try check(places)
        default: throw .unsupported("a page is encoded in a way that Weir does not use")
        }
    }

    /// Nothing is looked up in a dictionary that it is not in.
    private func check(_ places: [UInt32]) throws(ParquetError) {
        var most: UInt32 = 0
        for place in places { most = max(most, place) }
        guard places.isEmpty || Int(most) < dictionaryCount else {
            throw .damaged("a page names values that its dictionary lacks")
        }
    }

    private func placeNew(_ count: Int) {
        places.append(contentsOf: UInt32(dictionaryCount)..<UInt32(dictionaryCount + count))
    }
}

/// What stands before a page or a dictionary. Nothing of the bytes is trusted.
private struct PageHeader {
    var type = -1
    /// Of the content, plain and as it is stored.
    var size = -1
    var stored = -1
    var values = -1
    var encoding = -1
    var hasPage = false
    var hasDictionary = false

    init(_ reader: inout ThriftReader) throws(ParquetError) {
        var field = 0
        while let type = try reader.field(after: &field) {
            switch field {
            case 1: self.type = try reader.int(type)
            case 2: size = try reader.int(type)
            case 3: stored = try reader.int(type)
            case 5, 7:
                try reader.expectStructure(type)
                if field == 5 { hasPage = true } else { hasDictionary = true }
                try readValues(&reader)
            default: try reader.skip(type)
            }
        }
    }

    private mutating func readValues(_ reader: inout ThriftReader) throws(ParquetError) {
        var field = 0
        while let type = try reader.field(after: &field) {
            switch field {
            case 1: values = try reader.int(type)
            case 2: encoding = try reader.int(type)
            default: try reader.skip(type)
            }
        }
    }
}

/// A page that was decoded. A copy, so that loops over rows read no shared object.
struct ColumnPage {
    let places: [UInt32]
    let numbers: [Int64]
    let texts: TextDictionary
    let dictionaryCount: Int

    /// Some of the rows, by their order among `rows`.
    func only(_ rows: [Int]) -> ColumnPage {
        ColumnPage(places: rows.map { places[$0] }, numbers: numbers, texts: texts, dictionaryCount: dictionaryCount)
    }

    @inline(__always)
    func number(_ row: Int) -> Int64? {
        let place = places[row]
        return place == ColumnReader.null ? nil : numbers[Int(place)]
    }

    @inline(__always)
    func place(_ row: Int) -> Int? {
        let place = places[row]
        return place == ColumnReader.null ? nil : Int(place)
    }
}
