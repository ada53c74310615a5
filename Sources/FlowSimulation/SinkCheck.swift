// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowStore
import FlowTestKit
import Glibc
import SystemPackage

/// Whether each sink of a simulated host has what was in the store, as often as it promises, and judged as it is there.
enum SinkCheck {
    static func violations(_ host: SimulatedHost, _ stored: StoredWindows) -> [String] {
        var found = host.collectors.flatMap { violations($0, host, stored) }
        if host.plan.sinks.contains(.files) {
            found += violations(in: "files", stored) { () throws(Damage) in try lines(host) }
        }
        if host.plan.sinks.contains(.parquet) {
            found += violations(in: "Parquet files", stored) { () throws(Damage) in try rows(host) }
        }
        return found
    }

    private static func violations(
        _ collector: Collector, _ host: SimulatedHost, _ stored: StoredWindows
    ) -> [String] {
        var violations: [String] = []
        for (window, deliveries) in collector.deliveries {
            guard let contents = stored.rows[window] else {
                violations.append("\(collector.name) has window \(window), which the store never had")
                continue
            }
            for delivery in deliveries where !contents.contains(delivery) {
                violations.append("\(collector.name) has window \(window) otherwise than the store")
            }
            if collector.promise == .atMostOnce, deliveries.count > 1 {
                violations.append("\(collector.name) has window \(window) \(deliveries.count) times")
            }
        }
        guard collector.promise == .atLeastOnce else { return violations }
        for window in stored.rows.keys where collector.deliveries[window] == nil {
            if collector.refuses(window) {
                violations += refusedViolations(collector, window, host, stored)
            } else {
                violations.append("\(collector.name) never had window \(window)")
            }
        }
        return violations
    }

    /// What is refused is put aside, a line a record.
    private static func refusedViolations(
        _ collector: Collector, _ window: UInt64, _ host: SimulatedHost, _ stored: StoredWindows
    ) -> [String] {
        let folder = SimulatedExporter.folder.appending(collector.name).appending("refused").string
        let names = host.files.keys.filter { $0.hasPrefix(folder) && $0.hasSuffix(".json") }
        let lines = names.filter { name in
            UInt64(name.dropFirst(folder.count + 1).prefix(16), radix: 16) == window
        }.map { host.files[$0]?.count { $0 == UInt8(ascii: "\n") } ?? 0 }
        if lines.count == 1, stored.rows[window]?.contains(where: { $0.count == lines[0] }) ?? false { return [] }
        return ["\(collector.name) refused window \(window), and \(lines) lines of it were put aside"]
    }

    private struct Damage: Error { let path: String }

    private static func published(_ directory: FilePath, _ host: SimulatedHost) -> [(path: String, bytes: [UInt8])] {
        host.files.filter { $0.key.hasPrefix(directory.string + "/AWSLogs/") }.map { ($0.key, $0.value) }
    }

    private static func lines(_ host: SimulatedHost) throws(Damage) -> [SimulatedRow] {
        var rows: [SimulatedRow] = []
        for (path, bytes) in published(SimulatedExporter.logs, host) {
            guard let text = Inflate.members(of: bytes) else { throw Damage(path: path) }
            rows += String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { SimulatedRow($0) }
        }
        return rows
    }

    /// Read as a store whose files they are.
    private static func rows(_ host: SimulatedHost) throws(Damage) -> [SimulatedRow] {
        var (rows, current) = ([SimulatedRow](), "")
        do {
            try HeldFolder.$defaultFileSystem.withValue(SimulatedDisk(seed: 0).start()) {
                let folder = try HeldFolder(SimulatedDaemon.storePath, .ours, create: 0o755)
                let reader = try StoreReader(SimulatedDaemon.storePath)
                for (number, (path, bytes)) in published(SimulatedExporter.parquet, host).enumerated() {
                    current = path
                    let identity = WindowIdentity(sequence: UInt64(number + 1), nonce: 1)
                    let name = "0-\(Int64(1) << 40)-\(identity)\(StoredSegment.ending)"
                    guard let segment = StoredSegment(in: "", name: name, bytes: Int64(bytes.count)) else { continue }
                    try folder.open(name, O_WRONLY | O_CREAT).writeAll(bytes)
                    try reader.forEachEntry(of: segment) { rows.append(SimulatedRow($0)) }
                }
            }
        } catch {
            throw Damage(path: "\(current) (\(error))")
        }
        return rows
    }

    private static func violations(
        in files: String, _ stored: StoredWindows, _ read: () throws(Damage) -> [SimulatedRow]
    ) -> [String] {
        let rows: [SimulatedRow]
        do {
            rows = try read()
        } catch {
            return ["\(error.path) is damaged"]
        }
        let flows = Set(rows.lazy.filter { $0.kind == .flow })
        let expected = stored.rows.values.flatMap { contents in
            // Of a window that lost its flows before the sink had it, what is left.
            contents.first { $0.allSatisfy { $0.kind != .flow || flows.contains($0) } } ?? contents[0]
        }
        guard rows.count != expected.count || rows.sorted() != expected.sorted() else { return [] }
        var counts: [SimulatedRow: Int] = [:]
        for row in expected { counts[row, default: 0] += 1 }
        for row in rows { counts[row, default: 0] -= 1 }
        return counts.filter { $0.value != 0 }.sorted { $0.key < $1.key }.prefix(3).map { row, count in
            count > 0 ? "not in \(files): \(row)" : "in \(files) \(-count) times too often: \(row)"
        }
    }
}
