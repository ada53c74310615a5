// SPDX-License-Identifier: Apache-2.0

/// A row group, of which columns are read when they are asked for, and pages decoded when a row of theirs may be wanted.
final class GroupScan {
    /// Reads some bytes of the file.
    typealias Read = (Range<Int>) throws -> [UInt8]

    private let group: ParquetFooter.RowGroup
    /// By `FlowColumn.rawValue`: the file's column.
    private let places: [Int?]
    private let query: CompiledQuery
    private let read: Read
    private var columns: [ColumnReader?]
    /// By test: by place in its column's dictionary.
    private var answers: [[Bool]?]
    private var pageBounds: [PageBounds?]
    /// Of the first column that was read; all must have the same.
    private var pageRows: [Int]?

    init(_ group: ParquetFooter.RowGroup, _ places: [Int?], _ query: CompiledQuery, _ read: @escaping Read) {
        self.group = group
        self.places = places
        self.query = query
        self.read = read
        columns = Array(repeating: nil, count: FlowColumn.allCases.count)
        answers = Array(repeating: nil, count: query.tests.count)
        pageBounds = Array(repeating: nil, count: query.tests.count)
    }

    /// Which rows of a page a query takes.
    enum Selection {
        case none
        case all
        case some([Bool])

        func takes(_ row: Int) -> Bool {
            switch self {
            case .none: false
            case .all: true
            case .some(let rows): rows[row]
            }
        }
    }

    /// Calls `body` with each page of which the query takes a row: its number, its rows, and which of them.
    func forEachPage(_ body: (Int, Int, Selection) throws -> Void) throws {
        guard group.rows > 0, try outlook(query.condition, nil) != .no else { return }
        let pages = try rowsOfPages()
        for page in pages.indices {
            guard try outlook(query.condition, page) != .no else { continue }
            let selection = try select(query.condition, page, pages[page])
            if case .none = selection { continue }
            try body(page, pages[page], selection)
        }
    }

    /// A column with that page decoded; nil where it has nothing but nulls.
    func column(_ column: FlowColumn, page: Int) throws -> ColumnPage? {
        try self.column(column)?.decode(page)
    }

    /// Whether both columns are the same bytes of the file.
    func areTwins(_ left: FlowColumn, _ right: FlowColumn) -> Bool {
        guard let left = chunk(left), let right = chunk(right) else { return false }
        return left.range == right.range
    }

    /// nil where it has nothing but nulls, or the file does not have it.
    private func column(_ column: FlowColumn) throws -> ColumnReader? {
        guard let chunk = chunk(column), !chunk.isEmpty else { return nil }
        if let known = columns[column.rawValue] { return known }
        if let twin = column.twin, areTwins(column, twin) { return try self.column(twin) }
        guard (0...ParquetFooter.largestChunk).contains(chunk.size) else {
            throw ParquetError.unsupported("column \(column.name) is too large")
        }
        let reader = try ColumnReader(try read(chunk.range), of: chunk, column.schema, rows: group.rows)
        let rows = reader.pages.map(\.rows)
        if let pageRows, pageRows != rows { throw ParquetError.unsupported("its pages do not end at the same rows") }
        pageRows = rows
        columns[column.rawValue] = reader
        return reader
    }

    private func chunk(_ column: FlowColumn) -> ParquetFooter.Chunk? {
        places[column.rawValue].map { group.chunks[$0] }
    }

    /// All columns have the same; one that is small tells.
    private func rowsOfPages() throws -> [Int] {
        if let pageRows { return pageRows }
        _ = try column(.logStatus) ?? column(.port)
        guard let pageRows else { throw ParquetError.damaged("its rows have no status") }
        return pageRows
    }
}

// What can be known without looking at rows.
extension GroupScan {
    private enum Outlook {
        case no
        case maybe
        case yes
    }

    /// - Parameter page: nil: the whole row group.
    private func outlook(_ condition: ColumnCondition, _ page: Int?) throws -> Outlook {
        switch condition {
        case .all(let parts):
            var all = Outlook.yes
            for part in parts {
                let one = try outlook(part, page)
                if one == .no { return .no }
                if one == .maybe { all = .maybe }
            }
            return all
        case .any(let parts):
            var any = Outlook.no
            for part in parts {
                let one = try outlook(part, page)
                if one == .yes { return .yes }
                if one == .maybe { any = .maybe }
            }
            return any
        case .not(let part):
            switch try outlook(part, page) {
            case .no: return .yes
            case .yes: return .no
            case .maybe: return .maybe
            }
        case .test(let number):
            return try page.map { try outlook(ofTest: number, page: $0) } ?? outlook(ofTest: number)
        }
    }

    /// By statistics, then by the Bloom filter, then by the dictionary.
    private func outlook(ofTest number: Int) throws -> Outlook {
        let test = query.tests[number]
        guard let chunk = chunk(test.column), !chunk.isEmpty else { return .no }
        if let least = chunk.least, let most = chunk.most, !test.mayHold(between: least, and: most) { return .no }
        if !test.hashes.isEmpty, let offset = chunk.bloomFilter, try !mayHold(test.hashes, at: offset) { return .no }
        guard let reader = try column(test.column), reader.isDictionaryOnly else { return .maybe }
        let answers = answers(ofTest: number, reader)
        if !answers.contains(true) { return .no }
        return chunk.nulls == 0 && !answers.contains(false) ? .yes : .maybe
    }

    private func mayHold(_ hashes: [UInt64], at offset: Int) throws -> Bool {
        let head = try read(offset..<offset + Self.bloomHeader)
        guard let (header, size) = try BloomFilter.read(header: head[...]) else { return true }
        return try hashes.contains { hash in
            let place = BloomFilter.range(of: hash, filter: size)
            let start = offset + header
            return BloomFilter.mayHold(hash, block: try read(start + place.lowerBound..<start + place.upperBound))
        }
    }

    /// The header takes less, and a block at least follows it.
    private static let bloomHeader = 32

    private func answers(ofTest number: Int, _ reader: ColumnReader) -> [Bool] {
        if let known = answers[number] { return known }
        let test = query.tests[number]
        let found =
            reader.column.kind == .string
            ? (0..<reader.dictionaryCount).map { test.holds(for: reader.texts[$0]) }
            : reader.numbers.prefix(reader.dictionaryCount).map { test.holds(for: $0) }
        answers[number] = found
        return found
    }

    private func outlook(ofTest number: Int, page: Int) throws -> Outlook {
        let test = query.tests[number]
        guard let chunk = chunk(test.column), !chunk.isEmpty else { return .no }
        if pageBounds[number] == nil {
            pageBounds[number] =
                try chunk.columnIndex.map {
                    guard $0.count <= PageBounds.longest else { return PageBounds() }
                    return try PageBounds(try read($0)[...])
                } ?? PageBounds()
        }
        guard let bounds = pageBounds[number]?[page] else { return .maybe }
        if bounds.isNull { return .no }
        return test.mayHold(between: bounds.least, and: bounds.most) ? .maybe : .no
    }
}

// Looking at rows.
extension GroupScan {
    private func select(_ condition: ColumnCondition, _ page: Int, _ rows: Int) throws -> Selection {
        switch condition {
        case .all(let parts):
            var selection = Selection.all
            for part in parts {
                selection = Self.both(selection, try select(part, page, rows))
                if case .none = selection { break }
            }
            return selection
        case .any(let parts):
            var selection = Selection.none
            for part in parts {
                selection = Self.either(selection, try select(part, page, rows))
                if case .all = selection { break }
            }
            return selection
        case .not(let part):
            switch try select(part, page, rows) {
            case .none: return .all
            case .all: return .none
            case .some(let rows): return .some(rows.map { !$0 })
            }
        case .test(let number): return try select(test: number, page)
        }
    }

    private func select(test number: Int, _ page: Int) throws -> Selection {
        let test = query.tests[number]
        guard let reader = try column(test.column) else { return .none }
        if reader.isDictionary(page) {
            let answers = answers(ofTest: number, reader)
            guard answers.contains(true) else { return .none }
            return Self.rows(try reader.decode(page).places, answers)
        }
        let values = try reader.decode(page)
        let isText = reader.column.kind == .string
        return Self.packed(
            values.places.map { place in
                guard place != ColumnReader.null else { return false }
                return isText
                    ? test.holds(for: values.texts[Int(place)]) : test.holds(for: values.numbers[Int(place)])
            })
    }

    private static func rows(_ places: [UInt32], _ answers: [Bool]) -> Selection {
        var rows = [Bool](repeating: false, count: places.count)
        var target = rows.mutableSpan
        let source = places.span
        let known = answers.span
        var count = 0
        for row in source.indices {
            let place = source[row]
            guard place != ColumnReader.null, known[Int(place)] else { continue }
            target[row] = true
            count += 1
        }
        return count == 0 ? .none : count == places.count ? .all : .some(rows)
    }

    private static func packed(_ rows: [Bool]) -> Selection {
        guard rows.contains(true) else { return .none }
        return rows.contains(false) ? .some(rows) : .all
    }

    private static func both(_ left: Selection, _ right: Selection) -> Selection {
        switch (left, right) {
        case (.none, _), (_, .none): .none
        case (.all, let other), (let other, .all): other
        case (.some(let left), .some(let right)): packed(left.indices.map { left[$0] && right[$0] })
        }
    }

    private static func either(_ left: Selection, _ right: Selection) -> Selection {
        switch (left, right) {
        case (.all, _), (_, .all): .all
        case (.none, let other), (let other, .none): other
        case (.some(let left), .some(let right)): packed(left.indices.map { left[$0] || right[$0] })
        }
    }
}

/// The bounds of the pages of a column: Parquet's column index. Nothing of the bytes is trusted.
struct PageBounds {
    private var isNull: [Bool] = []
    private var least: [ArraySlice<UInt8>] = []
    private var most: [ArraySlice<UInt8>] = []

    static let longest = 1 << 24

    /// Nothing is known.
    init() {}

    init(_ bytes: ArraySlice<UInt8>) throws(ParquetError) {
        var reader = ThriftReader(bytes)
        let index = try reader.structure()
        guard case .list(let nulls)? = index[1] else { throw .damaged("an index of pages has no list") }
        isNull = nulls.map { $0 == .bool(true) }
        least = try Self.values(index[2])
        most = try Self.values(index[3])
        guard least.count == isNull.count, most.count == isNull.count else {
            throw .damaged("an index of pages has lists of different lengths")
        }
    }

    private static func values(_ list: ThriftValue?) throws(ParquetError) -> [ArraySlice<UInt8>] {
        guard case .list(let values)? = list else { throw .damaged("an index of pages has no list") }
        return values.map { if case .binary(let bytes) = $0 { bytes } else { [] } }
    }

    /// nil where it is not known.
    subscript(_ page: Int) -> (isNull: Bool, least: ArraySlice<UInt8>, most: ArraySlice<UInt8>)? {
        page < isNull.count ? (isNull[page], least[page], most[page]) : nil
    }
}
