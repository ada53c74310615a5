// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowModel
package import SystemPackage

/// Reads a store, also one that a daemon writes to, or that was copied from elsewhere. Used from one thread.
///
/// A daemon may merge the windows of an hour, or delete them for their age, while they are read: each window is read once all the same.
package final class StoreReader {
    private let store: StoreFolder
    /// Files that could not be read, or only up to a place: each is here once. The others are read all the same.
    package private(set) var damages: [StoreDamage] = []
    /// Called with each of `damages` when it is found.
    package var onDamage: (StoreDamage) -> Void = { _ in }

    private let mostOpen: Int
    private static let mostListings = 100

    /// - Parameter mostOpen: files that are open at a time: what is open stays readable when a daemon deletes it.
    package init(_ path: FilePath, mostOpen: Int = 128) throws(StoreError) {
        store = try StoreFolder(reading: path)
        self.mostOpen = mostOpen
    }

    private func note(_ damage: StoreDamage) {
        guard !damages.contains(where: { $0.segment.path == damage.segment.path }) else { return }
        damages.append(damage)
        onDamage(damage)
    }

    /// Segments with a line in that time, the oldest first.
    ///
    /// - Parameters:
    ///   - since: Unix seconds.
    ///   - until: Unix seconds; lines that begin then are not in it.
    package func segments(since: Int64? = nil, until: Int64? = nil) throws(StoreError) -> [StoredSegment] {
        try store.segments(since: since, until: until)
    }

    /// The highest number of a window; nil where there is none.
    package func newestSequence() throws(StoreError) -> UInt64? {
        try store.segments().lazy.map(\.identity.sequence).max()
    }

    /// Segments of windows with higher numbers, in the order of their numbers.
    package func segments(after sequence: UInt64) throws(StoreError) -> [StoredSegment] {
        try store.segments().filter { $0.identity.sequence > sequence }.sorted { $0.identity < $1.identity }
    }

    /// Waits until the name of a segment that was listed is on the disk: the daemon that gave it may have died before it was. What a crash takes
    /// back is judged and stored anew.
    package func synchronize(nameOf segment: StoredSegment) throws(StoreError) {
        try StoreError.wrap(.read, store.path) {
            do { try store.folder.folder(segment.folder).synchronize() } catch let error as Errno
                where [.noSuchFileOrDirectory, .invalidArgument].contains(error)
            {
                // The hour was merged or deleted; or the file system keeps no changes back, such as one that is read-only by its nature.
            }
        }
    }

    /// Calls `body` with each line of a segment, in the order of the file.
    ///
    /// Holds the dictionaries of one row group and a page of each of its columns.
    ///
    /// - Returns: whether the segment is there. One that is not was merged with others of its hour, or deleted for its age.
    /// - Throws: StoreError, or ParquetError where the file is not one.
    @discardableResult
    package func forEachEntry(
        of segment: StoredSegment, after sequence: UInt64? = nil, _ body: (LogEntry) throws -> Void
    ) throws -> Bool {
        guard let source = try SegmentSource(segment, in: store.folder, store.path) else { return false }
        try forEachEntry(of: source, StoreQuery(after: sequence), body)
        return true
    }

    /// Calls `body` with each record that the query takes: segment after segment, the oldest first, in the order of the file.
    ///
    /// Files that cannot be read are in `damages`.
    package func forEachEntry(_ query: StoreQuery, _ body: (LogEntry) throws -> Void) throws {
        try forEachSource(query) { source, query in
            try forEachEntry(of: source, query, body)
            return true
        }
    }

    /// The same, of one segment.
    @discardableResult
    package func forEachEntry(
        of segment: StoredSegment, _ query: StoreQuery, _ body: (LogEntry) throws -> Void
    ) throws -> Bool {
        guard let source = try SegmentSource(segment, in: store.folder, store.path) else { return false }
        do {
            try forEachEntry(of: source, query, body)
        } catch let error as ParquetError {
            note(StoreDamage(segment: segment, error: error))
        }
        return true
    }

    /// The newest records that the query takes, so many at most, the oldest first. Older files are not read, and at most twice as many records
    /// are in memory.
    package func newest(_ count: Int, _ query: StoreQuery) throws -> [LogEntry] {
        var newest = NewestEntries(most: count)
        var found = 0
        try forEachSource(query, newestFirst: true) { source, query in
            try forEachEntry(of: source, query) { entry in
                newest.add(entry)
                found += 1
            }
            return found < count
        }
        return newest.take()
    }

    /// The sums of what the query takes.
    ///
    /// - Parameters:
    ///   - columns: a group for each combination of their values; none: one group.
    ///   - every: seconds: a group for each such piece of time as well, by the beginning of the records' windows; pieces begin at
    ///     multiples since 1970.
    ///   - most: groups that are held in memory, about 250 bytes each with the values.
    /// - Throws: StoreQueryError where there are more.
    package func totals(
        _ query: StoreQuery, by columns: [FlowColumn], every seconds: Int64? = nil, most: Int = 1_000_000
    ) throws -> StoreTotals {
        var table = TotalsTable(columns, every: seconds, most: most)
        try forEachSource(query) { source, query in
            try forEachGroup(of: source, query) { scan in
                table.beginGroup()
                try scan.forEachPage { page, rows, selection in
                    try table.add(scan, page: page, rows: rows, selection)
                }
            }
            return true
        }
        return StoreTotals(groups: table.groups)
    }

    private func forEachEntry(
        of source: SegmentSource, _ query: StoreQuery, _ body: (LogEntry) throws -> Void
    ) throws {
        try forEachGroup(of: source, query) { scan in
            var stored = StoredRows()
            try scan.forEachPage { page, rows, selection in
                for row in try stored.load(scan, page: page, rows: rows, selection) { try body(try stored.entry(row)) }
            }
        }
    }

    private func forEachGroup(
        of source: SegmentSource, _ query: StoreQuery, _ body: (GroupScan) throws -> Void
    ) throws {
        let compiled = CompiledQuery(query)
        let places = try source.places()
        for group in try source.footer().groups {
            try body(GroupScan(group, places, compiled) { try source.read($0) })
        }
    }
}

// Files that go away while they are read.
extension StoreReader {
    /// Calls `body` with each file of the time, hour after hour, until it returns false. Where a file is gone, its hour is listed again;
    /// the query then leaves out the windows that were read before.
    private func forEachSource(
        _ query: StoreQuery, newestFirst: Bool = false, _ body: (SegmentSource, StoreQuery) throws -> Bool
    ) throws {
        var hours: [[StoredSegment]] = []
        for segment in try segments(since: query.since, until: query.until) {
            if hours.last?.last?.folder == segment.folder {
                hours[hours.count - 1].append(segment)
            } else {
                hours.append([segment])
            }
        }
        for hour in newestFirst ? hours.reversed() : hours {
            guard try forEachSource(ofHour: hour, query, newestFirst: newestFirst, body) else { return }
        }
    }

    private func forEachSource(
        ofHour hour: [StoredSegment], _ query: StoreQuery, newestFirst: Bool,
        _ body: (SegmentSource, StoreQuery) throws -> Bool
    ) throws -> Bool {
        var left = newestFirst ? hour.reversed() : hour
        var query = query
        var listings = 1
        while !left.isEmpty {
            var sources: [SegmentSource] = []
            for segment in left.prefix(mostOpen) {
                guard let source = try SegmentSource(segment, in: store.folder, store.path) else { break }
                sources.append(source)
            }
            if sources.count < min(left.count, mostOpen), listings < Self.mostListings {
                listings += 1
                let all = try store.segments(in: hour[0].folder, since: query.since, until: query.until)
                left = (newestFirst ? all.reversed() : all).filter { !isRead($0, query) }
                continue
            }
            left.removeFirst(min(left.count, mostOpen))
            for source in sources {
                guard try read(source, query, body) else { return false }
                query.except.formUnion(try windows(of: source))
            }
        }
        return true
    }

    private func isRead(_ segment: StoredSegment, _ query: StoreQuery) -> Bool {
        segment.windows == nil && query.except.contains(Int64(clamping: segment.identity.sequence))
    }

    private func read(
        _ source: SegmentSource, _ query: StoreQuery, _ body: (SegmentSource, StoreQuery) throws -> Bool
    ) throws -> Bool {
        var asked = query
        // What cannot be in the file need not be asked of its rows.
        if source.segment.windows == nil { asked.except = [] }
        do { return try body(source, asked) } catch let error as ParquetError {
            note(StoreDamage(segment: source.segment, error: error))
            return true
        }
    }

    private func windows(of source: SegmentSource) throws -> [Int64] {
        guard source.segment.windows != nil else { return [Int64(clamping: source.segment.identity.sequence)] }
        let names = (try? source.footer().metadata[MergedHour.key]) ?? ""
        return MergedHour.identities(names).map { Int64(clamping: $0.sequence) }
    }
}
