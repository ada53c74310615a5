// SPDX-License-Identifier: Apache-2.0

/// Rows of a row group that lie together, and have the port, the window and the verdict in common.
struct MergeRun {
    /// Among the ports' names, which are sorted.
    var port: UInt32
    var isRejected: Bool
    var sequence: Int64
    var source: UInt32
    var group: UInt32
    var first: UInt32
    var count: UInt32

    /// The order of a merged file: by port, then what was rejected, then by window.
    static func precedes(_ left: MergeRun, _ right: MergeRun) -> Bool {
        if left.port != right.port { return left.port < right.port }
        if left.isRejected != right.isRejected { return left.isRejected }
        return (left.sequence, left.source, left.group, left.first)
            < (right.sequence, right.source, right.group, right.first)
    }
}

/// All rows of the files that are merged, in the order that they are to have. About 40 bytes for each run.
struct HourRuns {
    private(set) var runs: [MergeRun] = []
    private var names: [String: UInt32] = [:]

    /// Reads the columns that give the order.
    init(_ sources: [SegmentSource]) throws {
        let query = CompiledQuery(StoreQuery())
        for (number, source) in sources.enumerated() {
            let places = try source.places()
            for (group, described) in try source.footer().groups.enumerated() {
                let scan = GroupScan(described, places, query) { try source.read($0) }
                var last: MergeRun?
                var first: UInt32 = 0
                try scan.forEachPage { page, rows, _ in
                    var run = MergeRun(
                        port: 0, isRejected: false, sequence: 0, source: UInt32(number), group: UInt32(group),
                        first: first, count: 0)
                    let keys = try RunKeys(scan, page, source.segment)
                    try add(rows, keys, &run, &last)
                    first += UInt32(rows)
                }
                if let last { runs.append(last) }
            }
        }
        sort()
    }

    private mutating func add(_ rows: Int, _ keys: RunKeys, _ run: inout MergeRun, _ last: inout MergeRun?) throws {
        let first = run.first
        for row in 0..<rows {
            if row == 0 || !keys.isSame(row) {
                run.port = id(of: keys.port(row))
                run.isRejected = keys.isRejected(row)
                run.sequence = keys.sequence(row)
            }
            if let open = last, open.port == run.port, open.isRejected == run.isRejected,
                open.sequence == run.sequence
            {
                last?.count += 1
                continue
            }
            if let last { runs.append(last) }
            run.first = first + UInt32(row)
            run.count = 1
            last = run
        }
    }

    private mutating func id(of name: String) -> UInt32 {
        if let id = names[name] { return id }
        names[name] = UInt32(names.count)
        return UInt32(names.count) - 1
    }

    private mutating func sort() {
        var ranks = [UInt32](repeating: 0, count: names.count)
        for (rank, name) in names.keys.sorted().enumerated() { names[name].map { ranks[Int($0)] = UInt32(rank) } }
        for index in runs.indices { runs[index].port = ranks[Int(runs[index].port)] }
        runs.sort(by: MergeRun.precedes)
    }

    /// The runs of row groups of so many rows, one after the other.
    func batches(of rows: Int) -> [[MergeRun]] {
        var batches: [[MergeRun]] = []
        var batch: [MergeRun] = []
        var left = UInt32(rows)
        for run in runs {
            var run = run
            while run.count > 0 {
                var part = run
                part.count = min(run.count, left)
                batch.append(part)
                run.first += part.count
                run.count -= part.count
                left -= part.count
                guard left == 0 else { continue }
                batches.append(batch)
                batch = []
                left = UInt32(rows)
            }
        }
        return batch.isEmpty ? batches : batches + [batch]
    }
}

/// What gives the order, of the rows of a page.
private struct RunKeys {
    private let ports: ColumnPage?
    private let actions: ColumnPage?
    private let sequences: ColumnPage?
    private let reject: Int?
    private let ownSequence: Int64

    init(_ scan: GroupScan, _ page: Int, _ segment: StoredSegment) throws {
        ports = try scan.column(.port, page: page)
        actions = try scan.column(.action, page: page)
        sequences = try scan.column(.windowSequence, page: page)
        reject = actions.flatMap { page in
            (0..<page.texts.count).first { page.texts[$0].elementsEqual("REJECT".utf8) }
        }
        ownSequence = Int64(clamping: segment.identity.sequence)
    }

    func isSame(_ row: Int) -> Bool {
        [ports, actions, sequences].allSatisfy { page in
            guard let page else { return true }
            return page.places[row] == page.places[row - 1]
        }
    }

    func port(_ row: Int) -> String { ports.flatMap { page in page.place(row).map { page.texts.text($0) } } ?? "" }

    func isRejected(_ row: Int) -> Bool { reject != nil && actions?.place(row) == reject }

    func sequence(_ row: Int) -> Int64 { sequences?.number(row) ?? ownSequence }
}
