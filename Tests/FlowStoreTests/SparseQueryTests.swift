// SPDX-License-Identifier: Apache-2.0

import FlowFilter
import FlowFormats
import FlowModel
import FlowStore
import Foundation
import SystemPackage
import Testing

/// Queries that take few rows of a page, of which a reader decodes those alone.
@Suite struct SparseQueryTests {
    private let folder = FilePath(
        FileManager.default.temporaryDirectory.appending(path: "weir-t-sparse-\(UUID().uuidString)").path())

    /// A store with pages of 12 rows, and its lines.
    private func withStore(_ body: (StoreReader, [LogEntry]) throws -> Void) throws {
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        let writer = try StoreWriter(
            folder, StoreRetention(age: .seconds(86_400 * 365), bytes: 1 << 40), groupRows: 100, pageRows: 12)
        var random = RandomEntries(seed: 23)
        try writer.begin(random.window, WindowIdentity(sequence: 1, nonce: 7))
        for entry in random.next(250) { writer.append(entry) }
        try writer.end()
        let reader = try StoreReader(folder)
        var entries: [LogEntry] = []
        for segment in try reader.segments() { try reader.forEachEntry(of: segment) { entries.append($0) } }
        #expect(entries.count == 250)
        try body(reader, entries)
    }

    private func lines(_ entries: [LogEntry]) -> String {
        var bytes: [UInt8] = []
        for entry in entries { JSONLinesFormat().append(entry, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func found(_ reader: StoreReader, _ query: StoreQuery) throws -> [LogEntry] {
        var found: [LogEntry] = []
        try reader.forEachEntry(query) { found.append($0) }
        return found
    }

    /// Each is at the beginning, at the end, and the least or the most of some page.
    @Test func `each address finds all of its records, and no others`() throws {
        try withStore { reader, entries in
            let addresses = Set(
                entries.flatMap { entry -> [IPAddress] in
                    guard case .flow(let record) = entry else { return [] }
                    return [record.key.source, record.key.destination]
                })
            #expect(addresses.count > 200)
            for (number, address) in addresses.enumerated() {
                for side in number % 4 == 0 ? ["host", "srcaddr"] : ["host"] {
                    let query = StoreQuery(filter: try FlowFilter("\(side) \(address)"))
                    let found = try found(reader, query)
                    #expect(lines(found) == lines(entries.filter(query.takes)))
                }
            }
            let none = try found(reader, StoreQuery(filter: try FlowFilter("host 10.9.9.9")))
            #expect(none.isEmpty && reader.damages.isEmpty)
        }
    }

    @Test func `a rare record has the sums that it has among all`() throws {
        try withStore { reader, entries in
            for text in ["bytes > 1000000000", "skipdata or unparsed not-ip", "mac 52:54:00:00:00:03 and reject"] {
                let query = StoreQuery(filter: try FlowFilter(text))
                let taken = entries.filter(query.takes)
                let found = try found(reader, query)
                #expect(!taken.isEmpty && lines(found) == lines(taken))
                let sum = try reader.totals(query, by: [.sourceAddress]).sum
                #expect(sum == StoreTotals(taken, query, by: []).sum)
            }
        }
    }

    /// The places of pages stand at the end of a file, before its metadata.
    @Test func `a file whose places of pages are wrong gives the same records`() throws {
        try withStore { reader, entries in
            let file = try #require(try reader.segments().first).path
            let path = folder.appending(file.components).string
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
            let metadata = try ParquetFooter.length(bytes.suffix(8))
            let end = bytes.count - 8 - metadata
            let query = StoreQuery(filter: try FlowFilter("bytes > 1000000000"))
            let expected = lines(entries.filter(query.takes))
            for place in stride(from: end - 1500, to: end, by: 23) {
                var changed = bytes
                changed[place] ^= UInt8(1 << (place % 8))
                try Data(changed).write(to: URL(filePath: path))
                let reader = try StoreReader(folder)
                let found = try found(reader, query)
                #expect(lines(found) == expected && reader.damages.isEmpty, "byte \(place - end)")
            }
        }
    }
}
