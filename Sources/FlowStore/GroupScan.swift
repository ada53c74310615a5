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
    /// Of columns that are not in `columns`.
    private var sparse: [SparseColumn?]
    /// By test: by place in its column's dictionary.
    private var answers: [Answers?]
    private var pageBounds: [PageBounds?]
    /// Of the first column that was read; all must have the same.
    private var pageRows: [Int]?

    init(_ group: ParquetFooter.RowGroup, _ places: [Int?], _ query: CompiledQuery, _ read: @escaping Read) {
        self.group = group
        self.places = places
        self.query = query
        self.read = read
        columns = Array(repeating: nil, count: FlowColumn.allCases.count)
        sparse = Array(repeating: nil, count: FlowColumn.allCases.count)
        answers = Array(repeating: nil, count: query.tests.count)
        pageBounds = Array(repeating: nil, count: query.tests.count)
    }

    /// Which rows of a page a query takes.
    enum Selection {
        case none
        case all
        case some([Bool])

        /// The rows that it takes of so many, in order.
        func rows(of count: Int) -> [Int] {
            switch self {
            case .none: []
            case .all: Array(0..<count)
            case .some(let rows): rows.indices.filter { rows[$0] }
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

    /// Some rows of that page of a column, by their order among `rows`: where these are few, it reads and decodes less.
    func column(_ column: FlowColumn, page: Int, only rows: [Int]) throws -> ColumnPage? {
        guard let chunk = chunk(column), !chunk.isEmpty else { return nil }
        if let twin = column.twin, areTwins(column, twin) {
            return try self.column(twin, page: page, only: rows)
        }
        let place = column.rawValue
        if columns[place] == nil, sparse[place] == nil {
            sparse[place] = try SparseColumn(column, chunk, pageRows: try rowsOfPages(), read)
        }
        if columns[place] == nil, let found = try sparse[place]?.decode(page, only: rows) { return found }
        return try self.column(column)?.decode(page, only: rows)
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
        switch answers(ofTest: number, reader) {
        case .no: return .no
        case .one: return chunk.nulls == 0 && reader.dictionaryCount == 1 ? .yes : .maybe
        case .some(let places): return chunk.nulls == 0 && !places.contains(false) ? .yes : .maybe
        }
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

    private func answers(ofTest number: Int, _ reader: ColumnReader) -> Answers {
        if let known = answers[number] { return known }
        let found = Answers(of: query.tests[number], reader)
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
            switch answers(ofTest: number, reader) {
            case .no: return .none
            case .one(let place):
                let places = try reader.decode(page).places
                return places.contains(place) ? Self.packed(places.map { $0 == place }) : .none
            case .some(let answers): return Self.rows(try reader.decode(page).places, answers)
            }
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

/// What a test says of each value of a column's dictionary.
private enum Answers {
    case no
    /// Yes to that one alone, which saves a look-up for each row.
    case one(UInt32)
    case some([Bool])

    init(of test: ColumnTest, _ reader: ColumnReader) {
        let (count, texts, numbers) = (reader.dictionaryCount, reader.texts, reader.numbers)
        if reader.column.kind == .string, let literals = test.literals {
            self.init(of: literals.flatMap { texts.places(of: $0, before: count) }, count)
            return
        }
        let answers =
            reader.column.kind == .string
            ? (0..<count).map { test.holds(for: texts[$0]) } : numbers.prefix(count).map { test.holds(for: $0) }
        self = answers.contains(true) ? .some(answers) : .no
    }

    private init(of places: [Int], _ count: Int) {
        var answers = [Bool](repeating: false, count: places.count < 2 ? 0 : count)
        switch places.count {
        case 0: self = .no
        case 1: self = .one(UInt32(places[0]))
        default:
            for place in places { answers[place] = true }
            self = .some(answers)
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
