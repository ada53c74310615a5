// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowStore
import FlowTestKit
import Foundation
import SystemPackage
import Testing

/// What retention takes before a sink had it stays as sums.
@Suite struct RetentionTests {
    private static let port = Port(number: PortNumber(1), name: "tap1", role: .guest)
    private static let other = Port(number: PortNumber(2), name: "tap2", role: .guest)

    private static func window(_ number: Int64) -> Window {
        let start = 1_795_770_000 + number * 60
        return Window(number: 1, start: UnixTime(seconds: start), end: UnixTime(seconds: start + 60))
    }

    private static func flow(_ sourcePort: UInt16, _ port: FlowModel.Port, _ window: Window) -> LogEntry {
        let key = FlowKey(
            port: port.number, direction: .egress, transport: 17, source: "10.0.0.1", destination: "10.0.0.2",
            sourcePort: sourcePort, destinationPort: 53)
        return .flow(
            FlowRecord(
                port: port, window: window, key: key,
                count: PacketCount(packets: UInt64(sourcePort), octets: 100 * UInt64(sourcePort)), first: window.start,
                last: window.start))
    }

    private static func entries(_ reader: StoreReader) throws -> [Int64: [LogEntry]] {
        var entries: [Int64: [LogEntry]] = [:]
        for segment in try reader.segments() {
            entries[segment.start] = []
            try reader.forEachEntry(of: segment) { entries[segment.start]?.append($0) }
        }
        return entries
    }

    @Test func `the flows of a window that a sink does not have become overflow, once, and go when it has it`() throws {
        let folder = "/tmp/weir-t-retention-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let writer = try StoreWriter(FilePath(folder), StoreRetention(age: .seconds(3600), bytes: .max))
        for number in 1...4 as ClosedRange<Int64> {
            let window = Self.window(number)
            try writer.begin(window, WindowIdentity(sequence: UInt64(number), nonce: 5))
            for sourcePort in 1...10 as ClosedRange<UInt16> { writer.append(Self.flow(sourcePort, Self.port, window)) }
            writer.append(.skipData(port: Self.port, window: window, overflow: PacketCount(packets: 5, octets: 50)))
            writer.append(.noData(port: Self.other, window: window))
            try writer.end()
        }
        let names = try StoreReader(FilePath(folder)).segments().map(\.name)
        // Three windows are too old; a sink has the first.
        let now = Self.window(4).start.advanced(by: .seconds(3601))
        for _ in 0..<2 {
            try writer.expire(now: now, delivered: 1)
            let reader = try StoreReader(FilePath(folder))
            #expect(try reader.segments().map(\.name) == Array(names.dropFirst()))
            let entries = try Self.entries(reader)
            for number in [2, 3] as [Int64] {
                let lines = try #require(entries[Self.window(number).start.seconds])
                #expect(lines.count == 2)
                for case .skipData(let port, let window, let overflow) in lines {
                    #expect(port.name == "tap1" && window.start == Self.window(number).start)
                    #expect(overflow == PacketCount(packets: 60, octets: 5550))
                }
                #expect(lines.contains { if case .noData(let port, _) = $0 { port.name == "tap2" } else { false } })
            }
            #expect(entries[Self.window(4).start.seconds]?.count == 12)
            #expect(try writer.holds(WindowIdentity(sequence: 2, nonce: 5)))
        }
        try writer.expire(now: now, delivered: 3)
        #expect(try StoreReader(FilePath(folder)).segments().map(\.name) == [names[3]])
    }
}
