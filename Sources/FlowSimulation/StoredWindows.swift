// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowModel
import FlowStore
import FlowTestKit
import Glibc
import SystemPackage

/// The rows of all that the store of a simulated host ever had.
struct StoredWindows {
    /// By the window's number: its rows as they were stored, and then what retention left of them, if it did.
    private(set) var rows: [UInt64: [[SimulatedRow]]] = [:]
    private(set) var violations: [String] = []
    /// Of contents that were read, by the window.
    private var known: [WindowIdentity: [(content: [UInt8], rows: [SimulatedRow])]] = [:]
    /// A store of their own, and the folders of its hours.
    private var reader: StoreReader?
    private var folders: [FilePath: HeldFolder] = [:]

    init(of host: SimulatedHost) {
        HeldFolder.$defaultFileSystem.withValue(SimulatedDisk(seed: 0).start()) {
            do {
                _ = try HeldFolder(SimulatedDaemon.storePath, .ours, create: 0o755)
                reader = try StoreReader(SimulatedDaemon.storePath)
                for window in host.history.windows.values { try read(window) }
                for merge in host.history.merges.values { try compare(merge) }
            } catch {
                violations.append("the store cannot be read: \(error)")
            }
        }
    }

    private mutating func read(_ window: StoreHistory.Window) throws {
        let contents = try window.contents.map { try rows(of: window.segment, $0) }
        if rows.updateValue(contents, forKey: window.segment.identity.sequence) != nil {
            violations.append("window \(window.segment.identity.sequence) is in the store twice")
        }
        for left in contents.dropFirst() where left != Self.sums(of: contents[0], window.segment) {
            violations.append("\(window.segment.name) lost its flows, and what is left does not say how much they were")
        }
    }

    /// What is to be left where retention takes the flows: their packets at each port, in SKIPDATA.
    private static func sums(of rows: [SimulatedRow], _ segment: StoredSegment) -> [SimulatedRow] {
        var lost: [UInt16: PacketCount] = [:]
        for row in rows where [.flow, .skipData].contains(row.kind) { lost[row.port, default: .zero] += row.count }
        let sums = lost.map { SimulatedRow(skipped: $0.value, at: $0.key, start: segment.start) }
        return (rows.filter { ![.flow, .skipData].contains($0.kind) } + sums).sorted()
    }

    /// A merged file has the rows of its windows, and no others.
    private mutating func compare(_ merge: StoreHistory.Merge) throws {
        var expected: [SimulatedRow] = []
        for (identity, content) in merge.windows {
            guard let rows = known[identity]?.first(where: { $0.content == content })?.rows else { return }
            expected += rows
        }
        guard try rows(of: merge.segment, merge.content) != expected.sorted() else { return }
        violations.append("\(merge.segment.name) is not what its windows were")
    }

    private mutating func rows(of segment: StoredSegment, _ content: [UInt8]) throws -> [SimulatedRow] {
        let file = try folder(of: segment).open(segment.name, O_WRONLY | O_CREAT | O_TRUNC)
        try file.writeAll(content)
        var found: [SimulatedRow] = []
        do {
            try reader?.forEachEntry(of: segment) { found.append(SimulatedRow($0)) }
        } catch let error as ParquetError {
            violations.append("\(segment.name) \(error)")
        }
        found.sort()
        known[segment.identity, default: []].append((content, found))
        return found
    }

    private mutating func folder(of segment: StoredSegment) throws -> HeldFolder {
        if let known = folders[segment.folder] { return known }
        let path = SimulatedDaemon.storePath.appending(segment.folder.components)
        let folder = try HeldFolder(path, .ours, create: 0o755)
        folders[segment.folder] = folder
        return folder
    }
}
