// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowModel
import Glibc
package import SystemPackage

/// Writes the lines of each window to a segment of the store: under a temporary name, then to the disk, then under its own name.
///
/// A segment's name says which window it is, so that a window that is handed over twice is in the store once. Blocks on the disk. Used from
/// one thread at a time.
package final class StoreWriter {
    package let path: FilePath
    package var retention: StoreRetention
    private var store: StoreFolder
    private let index = StoreIndex()
    private var rows = FlowRows()
    private var growing: SegmentFile?

    /// Windows whose flows were given up, and that wait for a sink.
    private var givenUp: Set<WindowIdentity> = []

    /// Lines that are in memory at a time, as one row group: about 300 bytes each until they are written.
    private var groupRows: Int
    private let pageRows: Int
    /// Fewer would take more room on the disk than they save in memory.
    private static let fewestGroupRows = 4096
    private static let temporaryName = "segment" + HeldFolder.temporaryEnding

    /// Makes the folder if it is missing, and removes the unfinished file of a process that died.
    ///
    /// - Parameters:
    ///   - groupRows: lines of a row group.
    ///   - pageRows: of a page.
    package init(
        _ path: FilePath, _ retention: StoreRetention, groupRows: Int = 131_072, pageRows: Int = 8192
    ) throws(StoreError) {
        self.path = path
        self.groupRows = groupRows
        self.pageRows = pageRows
        self.retention = retention
        store = try StoreFolder(writing: path)
        try StoreError.wrap(.use, path) {
            let folder = try growingFolder()
            for name in try folder.names() { try folder.removeTree(name) }
        }
        try list()
    }

    private func list() throws(StoreError) {
        let found = try store.segments()
        index.withLock { $0.set(found) }
    }

    /// Keeps at most so many lines in memory at a time, as far as the format bears it.
    package func limit(lines: Int) { groupRows = min(groupRows, max(lines, Self.fewestGroupRows)) }

    /// Merges hours of this store; see there how it is driven.
    ///
    /// - Parameter groupRows: of a row group of a merged file; nil: four times as many as in a segment, of which it has a column at a time.
    package func makeMerger(groupRows: Int? = nil) -> sending StoreMerger {
        StoreMerger(path, index, groupRows: groupRows ?? self.groupRows * 4, pageRows: pageRows)
    }

    /// What is in the store.
    package var contents: StoreContents { StoreContents(index.segments) }

    /// The highest number of a window that is in the store; nil where there is none.
    package var newestSequence: UInt64? { index.segments.lazy.map(\.identity.sequence).max() }

    /// Whether the window is in the store already, with its name on the disk: a process that died, or an fsync that failed, may have left that
    /// undone.
    package func holds(_ identity: WindowIdentity) throws(StoreError) -> Bool {
        if let segment = index.segments.first(where: { $0.identity == identity }) {
            try StoreError.wrap(.write, path) { try hour(of: segment).synchronize() }
            return true
        }
        return index.holds(identity) { merged in
            // What cannot be read holds nothing: the window is then written once more rather than lost.
            guard let source = try? SegmentSource(merged, in: store.folder, path) else { return [] }
            return (try? StoreMerger.windows(of: source)) ?? []
        }
    }

    private func hour(of segment: StoredSegment) throws(Errno) -> HeldFolder {
        try store.folder.folder(segment.folder, create: 0o750)
    }

    /// Begins a window: its lines follow by `append`, then `end`.
    package func begin(_ window: Window, _ identity: WindowIdentity) throws(StoreError) {
        abandon()
        if store.folder.isRemoved {
            store = try StoreFolder(writing: path)
            try list()
        }
        let file = try StoreError.wrap(.write, path) {
            try growingFolder().open(Self.temporaryName, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o640)
        }
        growing = SegmentFile(
            StoredSegment(window, identity), file, path, pageRows: pageRows)
        rows.sequence = Int64(clamping: identity.sequence)
    }

    package func append(_ record: borrowing FlowRecord) {
        rows.append(record)
        if rows.count == groupRows { writeGroup() }
    }

    package func append(_ entry: LogEntry) {
        rows.append(entry)
        if rows.count == groupRows { writeGroup() }
    }

    private func writeGroup() {
        growing?.append(rows)
        rows.removeAll()
    }

    /// Puts the window into the store. If it throws, the caller must hand it over again, unless the store `holds` it.
    ///
    /// - Parameter metadata: of the window, in the file's metadata.
    package func end(_ metadata: [(name: String, value: String)] = []) throws(StoreError) {
        if rows.count > 0 { writeGroup() }
        guard let growing else { return }
        defer { abandon() }
        try growing.finish(metadata)
        FaultPoint.reach(.beforeStoreRename)
        var segment = growing.segment
        segment.bytes = growing.length
        try StoreError.wrap(.write, path) {
            // A merger must not exchange the hour's folder meanwhile.
            try index.withLock { [segment] state in
                let hour = try hour(of: segment)
                try growingFolder().rename(Self.temporaryName, to: hour, segment.name)
                // Readers see it from now on, also if what follows fails: it must not be judged and written again.
                state.insert(segment)
                try hour.synchronize()
            }
        }
    }

    /// Forgets the lines of the window that is coming.
    package func abandon() {
        rows.removeAll()
        guard growing != nil else { return }
        growing = nil
        try? growingFolder().remove(Self.temporaryName)
    }

    /// Deletes what the retention says, but for the window with the highest number. What cannot be deleted now is deleted later.
    ///
    /// Of a window that a sink does not have yet, the flows alone are given up: their sums take their place, as overflow of each port (SKIPDATA).
    ///
    /// - Parameter delivered: the number of the last window that every sink has.
    package func expire(now: UnixTime, delivered: UInt64 = .max) throws(StoreError) {
        // The highest number stays: the numbers of new windows are above it, also after a restart.
        let newest = newestSequence
        for segment in index.segments where segment.identity.sequence != newest {
            guard retention.isOver(segment, contents.bytes, now) else { return }
            if segment.identity.sequence > delivered, segment.windows == nil {
                if givenUp.insert(segment.identity).inserted { try giveUp(segment) }
                continue
            }
            try StoreError.wrap(.remove, path) {
                try index.withLock { state in
                    try remove(segment)
                    state.remove(segment)
                }
            }
            givenUp.remove(segment.identity)
        }
    }

    /// Writes the segment anew without its flows.
    private func giveUp(_ segment: StoredSegment) throws(StoreError) {
        var window: Window?
        var lost: [PortName: (port: Port, overflow: PacketCount)] = [:]
        var kept: [LogEntry] = []
        do {
            let reader = try StoreReader(path)
            try reader.forEachEntry(of: segment) { entry in
                window = window ?? entry.window
                let port = entry.port
                switch entry {
                case .flow(let record):
                    lost[PortName(port), default: (port, .zero)].overflow += record.count
                case .skipData(_, _, let overflow): lost[PortName(port), default: (port, .zero)].overflow += overflow
                case .noData, .unparsed: kept.append(entry)
                }
            }
        } catch let error as StoreError {
            throw error
        } catch {
            // What cannot be read is said by those who read it.
            return
        }
        guard let window else { return }
        try begin(window, segment.identity)
        for entry in kept { append(entry) }
        for (port, overflow) in lost.values.sorted(by: { $0.port.name < $1.port.name }) {
            append(.skipData(port: port, window: window, overflow: overflow))
        }
        do { try end(StoredSegment.times(of: segment)) } catch {
            givenUp.remove(segment.identity)
            throw error
        }
    }

    /// Tells the ports of a file apart.
    private struct PortName: Hashable {
        let name: String
        let interfaceID: String?

        init(_ port: Port) {
            name = port.name
            interfaceID = port.identity.interfaceID
        }
    }

    private func remove(_ segment: StoredSegment) throws {
        let hour = try store.folder.folder(segment.folder)
        do throws(Errno) { try hour.remove(segment.name) } catch {
            // Another process may have removed it.
            guard error == .noSuchFileOrDirectory else { throw error }
        }
        // The hour's folder, then that of the day, the month, the year, each if it is empty.
        var folder = segment.folder
        while let name = folder.lastComponent {
            folder.removeLastComponent()
            guard (try? store.folder.folder(folder).removeFolder(name.string)) != nil else { return }
        }
    }

    private func growingFolder() throws -> HeldFolder {
        try store.folder.folder(FilePath(StoreFolder.growing), create: 0o750)
    }
}
