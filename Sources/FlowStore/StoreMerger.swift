// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowModel
import Glibc
import SystemPackage

/// Merges the windows of an hour that is over into one file: smaller, and faster to search.
///
/// The owner calls `step` now and then (once a minute is enough), on a thread of low priority of its own; a call merges one hour at most, and
/// blocks on the disk. It has no thread and no clock itself. The `StoreWriter` that made it may write meanwhile, on its own thread.
///
/// Crash-safe for every reader: the hour's folder is built anew below `growing` (the merged file, and links to what was not merged), and then
/// exchanged with the hour's folder at once (renameat2(2), RENAME_EXCHANGE). Who lists an hour sees each window once.
///
/// Memory: 8 bytes for each row of a row group (524,288 rows), three times; what a column of 131,072 rows takes; 40 bytes for each run of rows
/// of a port in a row group: about 40 MB for an hour of 60 million records of 40 ports.
package final class StoreMerger {
    package enum Outcome: Equatable, Sendable {
        /// No hour is to be merged.
        case nothing
        case merged(StoredSegment)
        /// Something came in the way; the next call tries again.
        case postponed
    }

    /// What an operator is to know, each once: files that were put aside, a file system that cannot exchange folders.
    package private(set) var notices: [String] = []

    private let path: FilePath
    private let index: StoreIndex
    private let groupRows: Int
    private let pageRows: Int
    /// Whether the file system can exchange folders, as far as is known.
    private var canExchange = true
    /// Hours that cannot be merged as they are.
    private var passed: [FilePath: Set<String>] = [:]

    static let folderName = "hour" + HeldFolder.temporaryEnding
    private static let damaged = "damaged"
    /// An hour is merged when it has been over for so long: its last windows have come by then.
    private static let grace: Int64 = 300
    private static let fewestWindows = 2

    init(_ path: FilePath, _ index: StoreIndex, groupRows: Int, pageRows: Int) {
        self.path = path
        self.index = index
        self.groupRows = groupRows
        self.pageRows = pageRows
    }

    /// Takes what there is to say.
    package func takeNotices() -> [String] {
        defer { notices = [] }
        return notices
    }

    /// Merges the oldest hour that is to be merged.
    ///
    /// - Parameters:
    ///   - delivered: the number of the last window that every sink has: an hour with a later one waits, since sinks take windows one by one.
    ///   - isStopped: asked now and then; where it says yes, the hour stays as it is.
    package func step(
        now: UnixTime, delivered: UInt64 = .max, isStopped: () -> Bool = { false }
    ) throws(StoreError) -> Outcome {
        guard canExchange, let hour = due(now, delivered) else { return .nothing }
        let store = try StoreFolder(writing: path)
        do {
            return try merge(hour, store, isStopped)
        } catch let damage as StoreDamage {
            try putAside(damage, store)
            return .postponed
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.write, path, error as? Errno ?? .ioError)
        }
    }

    /// The files of an hour that is over and has more than one.
    private func due(_ now: UnixTime, _ delivered: UInt64) -> [StoredSegment]? {
        let over = StoredSegment.folder(of: now.seconds - Self.grace)
        var hours: [FilePath: [StoredSegment]] = [:]
        for segment in index.segments where segment.folder.string < over.string {
            hours[segment.folder, default: []].append(segment)
        }
        return hours.filter { folder, segments in
            segments.count >= Self.fewestWindows && passed[folder] != Set(segments.map(\.name))
                && segments.allSatisfy { $0.identity.sequence <= delivered }
        }
        .min { $0.key.string < $1.key.string }?.value
    }

    private func merge(_ hour: [StoredSegment], _ store: StoreFolder, _ isStopped: () -> Bool) throws -> Outcome {
        var sources: [SegmentSource] = []
        for segment in hour.sorted(by: { $0.identity < $1.identity }) {
            guard let source = try SegmentSource(segment, in: store.folder, path) else {
                index.withLock { $0.remove(segment) }
                return .postponed
            }
            if try Self.isKnown(source) { sources.append(source) }
        }
        guard sources.count >= Self.fewestWindows else {
            passed[hour[0].folder] = Set(hour.map(\.name))
            return .postponed
        }
        let windows = try sources.flatMap { try Self.windows(of: $0) }
        let segments = sources.map(\.segment)
        var merged = StoredSegment(
            merged: windows, from: segments.map(\.start).min() ?? 0, to: segments.map(\.end).max() ?? 0,
            in: hour[0].folder)
        let growing = try store.folder.folder(FilePath(StoreFolder.growing), create: 0o750)
        try growing.removeTree(Self.folderName)
        let folder = try growing.folder(FilePath(Self.folderName), create: 0o750)
        guard try write(sources, windows, merged, folder, isStopped) else {
            try growing.removeTree(Self.folderName)
            return .postponed
        }
        merged.bytes = Int64(try folder.facts(of: merged.name).st_size)
        let isDone = try exchange(segments, merged, folder, growing, store)
        try growing.removeTree(Self.folderName)
        return isDone ? .merged(merged) : .postponed
    }

    /// Whether this version knows all of its columns: others would be lost.
    private static func isKnown(_ source: SegmentSource) throws -> Bool {
        do {
            let known = Set(FlowColumn.schema)
            return try source.footer().columns.allSatisfy { known.contains($0) }
        } catch let error as ParquetError {
            throw StoreDamage(segment: source.segment, error: error)
        }
    }

    static func windows(of source: SegmentSource) throws -> [WindowIdentity] {
        guard source.segment.windows != nil else { return [source.segment.identity] }
        return MergedHour.identities(try source.footer().metadata[MergedHour.key] ?? "")
    }

    /// Whether it came to its end.
    private func write(
        _ sources: [SegmentSource], _ windows: [WindowIdentity], _ merged: StoredSegment, _ folder: HeldFolder,
        _ isStopped: () -> Bool
    ) throws -> Bool {
        let file = SegmentFile(
            merged, try folder.open(merged.name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o640), path, pageRows: pageRows)
        let batches = try reading(sources) { try HourRuns(sources).batches(of: groupRows) }
        let places = try sources.map { try $0.places() }
        for batch in batches {
            guard !isStopped() else { return false }
            try reading(sources) { try file.append(try MergedColumns(batch, sources, places)) }
        }
        let sums = try StoredSums.added(sources.map { try $0.footer().metadata })
        try file.finish([(MergedHour.key, MergedHour.names(windows))] + StoredSegment.times(of: merged) + sums)
        return true
    }

    /// Finds out which file is the damaged one.
    private func reading<Result>(_ sources: [SegmentSource], _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as ParquetError {
            for source in sources where !source.isReadable() {
                throw StoreDamage(segment: source.segment, error: error)
            }
            throw StoreError(.read, path, .ioError)
        }
    }

    /// Puts the new folder into the place of the hour's, unless the hour is not what it was.
    private func exchange(
        _ segments: [StoredSegment], _ merged: StoredSegment, _ folder: HeldFolder, _ growing: HeldFolder,
        _ store: StoreFolder
    ) throws -> Bool {
        var failure: Errno?
        let isDone = try index.withLock { state -> Bool in
            guard segments.allSatisfy({ state.contains($0) }) else { return false }
            let hour = try store.folder.folder(merged.folder)
            let replaced = Set(segments.map(\.name))
            for name in try hour.names() where !replaced.contains(name) {
                guard try hour.facts(of: name).st_mode & S_IFMT == S_IFREG else { return false }
                try hour.link(name, to: folder, name)
            }
            try folder.synchronize()
            try growing.synchronize()
            let day = try store.folder.folder(merged.folder.removingLastComponent())
            do throws(Errno) {
                try growing.exchange(Self.folderName, with: day, merged.folder.lastComponent?.string ?? "")
            } catch {
                failure = error
                return false
            }
            try day.synchronize()
            try growing.synchronize()
            for segment in segments { state.remove(segment) }
            state.insert(merged)
            return true
        }
        guard let failure else { return isDone }
        guard [.invalidArgument, .noFunction, .notSupported, .notPermitted].contains(failure) else { throw failure }
        canExchange = false
        notices.append(
            "the file system of \(path) cannot exchange folders (renameat2: \(failure)); hours of the store stay unmerged"
        )
        return false
    }

    /// Moves a file that cannot be read to `damaged`, where no reader looks.
    private func putAside(_ damage: StoreDamage, _ store: StoreFolder) throws(StoreError) {
        let segment = damage.segment
        try StoreError.wrap(.write, path) {
            let hour = try store.folder.folder(segment.folder)
            let damaged = try store.folder.folder(FilePath(Self.damaged), create: 0o750)
            try index.withLock { state in
                try hour.rename(segment.name, to: damaged, segment.name)
                try damaged.synchronize()
                try hour.synchronize()
                state.remove(segment)
            }
        }
        notices.append(
            "\(path.appending(segment.path.components)) \(damage.error); it was moved to \(path.appending(Self.damaged)), and its records are missing"
        )
    }
}

extension StoreDamage: Error {}
