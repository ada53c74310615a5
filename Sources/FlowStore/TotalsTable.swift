// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Sums by group, in memory: rows of pages go in, groups come out.
struct TotalsTable {
    private let columns: [FlowColumn]
    private let bucket: Int64?
    private let most: Int
    /// By column: the different values.
    private var values: [ValueTable]
    /// From a group of the columns before and the next column's value to a group of both.
    private var pairs: [PairTable]
    private var buckets = ValueTable()
    private var counts: [StoreTotals.Counts] = []
    /// By column, for the row group: from a place of its dictionary to a value.
    private var known: [[Int32]] = []

    init(_ columns: [FlowColumn], every seconds: Int64?, most: Int) {
        self.columns = columns
        self.most = most
        bucket = seconds.map { max(1, $0) }
        values = columns.map { _ in ValueTable() }
        pairs = Array(repeating: PairTable(), count: columns.count + 1)
    }

    mutating func beginGroup() { known = columns.map { _ in [] } }

    mutating func add(_ scan: GroupScan, page: Int, rows: Int, _ selection: GroupScan.Selection) throws {
        let chosen = selection.rows(of: rows)
        var groups = [Int32](repeating: 0, count: chosen.count)
        for (index, column) in columns.enumerated() {
            let ids = try ids(of: index, try scan.column(column, page: page), chosen)
            if index == 0 { groups = ids } else { try pair(&groups, ids, index) }
        }
        if let bucket {
            let starts = try scan.column(.windowStart, page: page)
            let ids = chosen.map { row in
                buckets.id(of: (starts?.number(row) ?? 0).floorDivided(by: bucket) &* bucket)
            }
            try pair(&groups, ids, columns.count)
        }
        try count(groups, chosen, scan, page)
    }

    private mutating func pair(_ groups: inout [Int32], _ ids: [Int32], _ level: Int) throws {
        for index in groups.indices { groups[index] = pairs[level].id(of: groups[index], ids[index]) }
        guard pairs[level].count <= most else { throw StoreQueryError.tooManyGroups(most) }
    }

    private mutating func ids(of index: Int, _ page: ColumnPage?, _ rows: [Int]) throws -> [Int32] {
        guard let page else { return Array(repeating: values[index].nullID, count: rows.count) }
        if known[index].isEmpty { known[index] = Array(repeating: -1, count: page.dictionaryCount) }
        var ids = [Int32](repeating: 0, count: rows.count)
        for (position, row) in rows.enumerated() {
            guard let place = page.place(row) else {
                ids[position] = values[index].nullID
                continue
            }
            if place < page.dictionaryCount, known[index][place] >= 0 {
                ids[position] = known[index][place]
                continue
            }
            let id =
                columns[index].kind == .string
                ? values[index].id(of: page.texts[place]) : values[index].id(of: page.numbers[place])
            if place < page.dictionaryCount { known[index][place] = id }
            ids[position] = id
        }
        guard values[index].count <= most else { throw StoreQueryError.tooManyGroups(most) }
        return ids
    }

    private mutating func count(_ groups: [Int32], _ rows: [Int], _ scan: GroupScan, _ page: Int) throws {
        let columns = try CountedColumns(scan, page)
        let count = Int(groups.max() ?? -1) + 1
        if counts.count < count {
            counts.append(contentsOf: repeatElement(StoreTotals.Counts(), count: count - counts.count))
        }
        for (position, row) in rows.enumerated() {
            columns.add(row, to: &counts[Int(groups[position])])
        }
    }

    /// Reads a number of a column of the store.
    private func value(_ column: Int, _ id: Int32) -> StoredValue {
        values[column].value(id, self.columns[column].kind)
    }

    var groups: [StoreTotals.Group] {
        counts.indices.filter { counts[$0].records > 0 }.map { group in
            var ids = [Int32](repeating: 0, count: columns.count)
            var rest = Int32(group)
            var start: Int64?
            if bucket != nil {
                let (before, id) = pairs[columns.count].pair(rest)
                (start, rest) = (buckets.number(id), before)
            }
            for index in columns.indices.reversed() {
                if index == 0 { ids[0] = rest } else { (rest, ids[index]) = pairs[index].pair(rest) }
            }
            return StoreTotals.Group(
                values: columns.indices.map { value($0, ids[$0]) }, bucket: start, counts: counts[group])
        }
    }
}

/// The columns of a page that are counted.
private struct CountedColumns {
    private let packets, octets, start, end, action, status, unparsed, overflowPackets, overflowOctets: ColumnPage?
    /// Places of words.
    private let reject: Int?
    private let noData: Int?
    private let skipData: Int?

    init(_ scan: GroupScan, _ page: Int) throws {
        packets = try scan.column(.packets, page: page)
        octets = try scan.column(.octets, page: page)
        start = try scan.column(.start, page: page)
        end = try scan.column(.end, page: page)
        action = try scan.column(.action, page: page)
        status = try scan.column(.logStatus, page: page)
        unparsed = try scan.column(.unparsed, page: page)
        overflowPackets = try scan.column(.overflowPackets, page: page)
        overflowOctets = try scan.column(.overflowOctets, page: page)
        reject = Self.place(of: "REJECT", action)
        noData = Self.place(of: "NODATA", status)
        skipData = Self.place(of: "SKIPDATA", status)
    }

    private static func place(of word: StaticString, _ page: ColumnPage?) -> Int? {
        guard let page else { return nil }
        return (0..<page.texts.count).first { page.texts[$0].elementsEqual("\(word)".utf8) }
    }

    @inline(__always)
    func add(_ row: Int, to counts: inout StoreTotals.Counts) {
        counts.records &+= 1
        if let first = start?.number(row) { counts.first = min(counts.first, first) }
        if let last = end?.number(row) { counts.last = max(counts.last, last) }
        let status = status?.place(row)
        if let status {
            if status == noData { return }
            if status == skipData {
                counts.overflowPackets &+= UInt64(clamping: overflowPackets?.number(row) ?? 0)
                counts.overflowOctets &+= UInt64(clamping: overflowOctets?.number(row) ?? 0)
                return
            }
        }
        let isFlow = unparsed?.place(row) == nil
        let (packets, octets) = (
            UInt64(clamping: packets?.number(row) ?? 0), UInt64(clamping: octets?.number(row) ?? 0)
        )
        counts.packets &+= packets
        counts.octets &+= octets
        if isFlow { counts.flows &+= 1 }
        guard let reject, action?.place(row) == reject else { return }
        counts.rejectedPackets &+= packets
        counts.rejectedOctets &+= octets
        if isFlow { counts.rejectedFlows &+= 1 }
    }
}

/// Different values of a column, numbered. Texts and numbers are hashed by the standard library, with a seed of the process.
private struct ValueTable {
    private var texts = TextDictionary()
    private var textIDs: [String: Int32] = [:]
    private var numbers: [Int64] = []
    private var numberIDs: [Int64: Int32] = [:]

    let nullID: Int32 = 0

    var count: Int { max(texts.count, numbers.count) }

    mutating func id(of text: ArraySlice<UInt8>) -> Int32 {
        let key = String(decoding: text, as: UTF8.self)
        if let id = textIDs[key] { return id }
        let id = Int32(texts.add(text)) + 1
        textIDs[key] = id
        return id
    }

    mutating func id(of number: Int64) -> Int32 {
        if let id = numberIDs[number] { return id }
        numbers.append(number)
        numberIDs[number] = Int32(numbers.count)
        return Int32(numbers.count)
    }

    func number(_ id: Int32) -> Int64 { numbers[Int(id) - 1] }

    func value(_ id: Int32, _ kind: ParquetColumn.Kind) -> StoredValue {
        guard id != nullID else { return .null }
        return kind == .string ? .text(texts.text(Int(id) - 1)) : .number(number(id))
    }
}

/// Different pairs, numbered.
private struct PairTable {
    private var pairs: [UInt64] = []
    private var ids: [UInt64: Int32] = [:]

    var count: Int { pairs.count }

    mutating func id(of left: Int32, _ right: Int32) -> Int32 {
        let pair = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        if let id = ids[pair] { return id }
        pairs.append(pair)
        ids[pair] = Int32(pairs.count) - 1
        return Int32(pairs.count) - 1
    }

    func pair(_ id: Int32) -> (Int32, Int32) {
        let pair = pairs[Int(id)]
        return (Int32(bitPattern: UInt32(pair >> 32)), Int32(bitPattern: UInt32(truncatingIfNeeded: pair)))
    }
}
