// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// The columns of a row group that is made of runs of several files. Decodes a column of a file at a time, and of it the pages alone that
/// the runs need.
struct MergedColumns {
    private let sources: [SegmentSource]
    /// By source: the places of the store's columns in the file.
    private let places: [[Int?]]
    /// The runs of each row group of a file, with the place of each in the new row group.
    private var parts: [Part] = []
    private(set) var rows = 0

    private struct Part {
        var source: Int
        var group: ParquetFooter.RowGroup
        var runs: [(run: MergeRun, place: Int)]
    }

    init(_ runs: [MergeRun], _ sources: [SegmentSource], _ places: [[Int?]]) throws {
        self.sources = sources
        self.places = places
        var known: [UInt64: Int] = [:]
        for run in runs {
            let key = UInt64(run.source) << 32 | UInt64(run.group)
            let part: Int
            if let found = known[key] {
                part = found
            } else {
                part = parts.count
                known[key] = part
                let group = try sources[Int(run.source)].footer().groups[Int(run.group)]
                parts.append(Part(source: Int(run.source), group: group, runs: []))
            }
            parts[part].runs.append((run, rows))
            rows += Int(run.count)
        }
    }

    /// Whether both columns are the same bytes in each of the files.
    func areTwins(_ left: FlowColumn, _ right: FlowColumn) -> Bool {
        parts.allSatisfy { part in
            guard let left = places[part.source][left.rawValue], let right = places[part.source][right.rawValue] else {
                return false
            }
            return part.group.chunks[left].range == part.group.chunks[right].range
        }
    }

    func content(of column: FlowColumn) throws -> ColumnContent {
        column.kind == .string ? try texts(of: column) : try numbers(of: column)
    }

    private func numbers(of column: FlowColumn) throws -> ColumnContent {
        var numbers: [Int64] = []
        try forEachRun(of: column) { page, skipped, count, place, _ in
            if numbers.isEmpty { numbers = Array(repeating: ColumnContent.noNumber, count: rows) }
            var target = numbers.mutableSpan
            let source = page.places.span
            let values = page.numbers.span
            for row in 0..<count where source[skipped + row] != ColumnReader.null {
                target[place + row] = values[Int(source[skipped + row])]
            }
        }
        return ColumnContent(column.schema, rows: rows, numbers.isEmpty ? .nothing : .numbers(numbers))
    }

    private func texts(of column: FlowColumn) throws -> ColumnContent {
        var places: [UInt32] = []
        var texts = TextDictionary()
        var known: [String: UInt32] = [:]
        /// Of the file's row group: from a place of its dictionary to one here.
        var moved: [UInt32] = []
        try forEachRun(of: column) { page, skipped, count, place, isNew in
            if places.isEmpty { places = Array(repeating: ColumnContent.noText, count: rows) }
            if isNew { moved = Array(repeating: ColumnContent.noText, count: page.dictionaryCount) }
            for row in 0..<count {
                guard let old = page.place(skipped + row) else { continue }
                if old < moved.count, moved[old] != ColumnContent.noText {
                    places[place + row] = moved[old]
                    continue
                }
                let text = page.texts.text(old)
                let new = known[text] ?? texts.add(text.utf8)
                known[text] = new
                places[place + row] = new
                if old < moved.count { moved[old] = new }
            }
        }
        guard texts.count > 0 else { return ColumnContent(column.schema, rows: rows, .nothing) }
        return column.isIndexed
            ? inOrder(column, places, texts) : ColumnContent(column.schema, rows: rows, .texts(places, texts))
    }

    /// Addresses in an order in which neighbours are alike.
    private func inOrder(_ column: FlowColumn, _ places: [UInt32], _ texts: TextDictionary) -> ColumnContent {
        let addresses = (0..<texts.count).compactMap { AddressText.read(texts[$0]) }
        // What is none, or is written in another way, stays as it is.
        guard addresses.count == texts.count, Set(addresses).count == texts.count else {
            return ColumnContent(column.schema, rows: rows, .texts(places, texts))
        }
        let ranks = AddressRanks(addresses)
        let moved = places.map { $0 == ColumnContent.noText ? $0 : ranks.ranks[Int($0)] }
        return ColumnContent(column.schema, rows: rows, .texts(moved, ranks.texts))
    }

    /// Calls `body` with each piece of a run that lies in one page: the page, how many of its rows come before, how many there are, their
    /// place in the new row group, and whether the page is the first of a row group of a file.
    private func forEachRun(of column: FlowColumn, _ body: (ColumnPage, Int, Int, Int, Bool) throws -> Void) throws {
        for part in parts {
            guard let place = places[part.source][column.rawValue] else { continue }
            let chunk = part.group.chunks[place]
            guard !chunk.isEmpty else { continue }
            guard (0...ParquetFooter.largestChunk).contains(chunk.size) else {
                throw ParquetError.unsupported("column \(column.name) is too large")
            }
            let source = sources[part.source]
            let reader = try ColumnReader(
                try source.read(chunk.range), of: chunk, column.schema, rows: part.group.rows)
            var isNew = true
            for piece in Self.pieces(of: part.runs, reader.pages) {
                try body(try reader.decode(piece.page), piece.skipped, piece.count, piece.place, isNew)
                isNew = false
            }
        }
    }

    /// In the order of the pages, so that each is decoded once.
    private static func pieces(
        of runs: [(run: MergeRun, place: Int)], _ pages: [ColumnReader.Page]
    ) -> [(page: Int, skipped: Int, count: Int, place: Int)] {
        var pieces: [(page: Int, skipped: Int, count: Int, place: Int)] = []
        var page = 0
        for (run, place) in runs.sorted(by: { $0.run.first < $1.run.first }) {
            var (row, left, place) = (Int(run.first), Int(run.count), place)
            while left > 0 {
                while pages[page].firstRow + pages[page].rows <= row { page += 1 }
                let skipped = row - pages[page].firstRow
                let count = min(left, pages[page].rows - skipped)
                pieces.append((page, skipped, count, place))
                row += count
                left -= count
                place += count
            }
        }
        return pieces
    }
}
