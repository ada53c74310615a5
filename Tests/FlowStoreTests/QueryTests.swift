// SPDX-License-Identifier: Apache-2.0

import FlowFilter
import FlowFormats
import FlowModel
import FlowStore
import Foundation
import SystemPackage
import Testing

@Suite struct QueryTests {
    /// A store with these records, in windows of one minute.
    private func withStore(_ body: (StoreReader, [LogEntry]) throws -> Void) throws {
        let folder = FilePath(
            FileManager.default.temporaryDirectory.appending(path: "weir-t-query-\(UUID().uuidString)").path())
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        let writer = try StoreWriter(
            folder, StoreRetention(age: .seconds(86_400 * 365), bytes: 1 << 40), groupRows: 50, pageRows: 12)
        var random = RandomEntries(seed: 11)
        let start = random.window.start
        for number in 0..<3 {
            random.window = Window(
                number: 1, start: start.advanced(by: .seconds(60 * number)),
                end: start.advanced(by: .seconds(60 * number + 60)))
            try writer.begin(random.window, WindowIdentity(sequence: UInt64(number + 1), nonce: 7))
            for entry in random.next(80) { writer.append(entry) }
            try writer.end()
        }
        let reader = try StoreReader(folder)
        var entries: [LogEntry] = []
        for segment in try reader.segments() { try reader.forEachEntry(of: segment) { entries.append($0) } }
        #expect(entries.count == 240)
        try body(reader, entries)
    }

    @Test(arguments: [
        "", "host 10.0.0.7", "src 10.0.0.7 and reject", "dst net 10.0.0.0/26 or ip6", "not (tcp and dst port 22)",
        "dst port 1-300 and accept", "interface tap2", "interface in [eni-4, tap1]", "interface \"v\\xff\"", "nodata",
        "skipdata",
        "srcaddr 10.0.0.9", "pkt-srcaddr 10.0.0.9", "rule \"a rule with blanks\"", "reason no-route", "vlan 100",
        "vlan",
        "flags syn", "mixed", "unparsed not-ip", "mac 52:54:00:00:00:03", "bytes > 1000", "packets < 10 and not udp",
        "icmp and icmp-type 3", "dscp 7", "verdict-source policy", "ingress and host 10.0.0.77", "host 99.99.99.99",
        "overflow-packets > 3", "region local-1 and instance-id i-2", "pkt-src-aws-service S3", "observed-at tap1",
        "vm \"web, 2\"", "vm i-4", "vm in [i-2, \"web, 4\"] and reject", "project p-1", "not project 'shop*ü*'",
        "project-name != x", "instance-name web*", "src name 'end 2'", "dst name end*3*",
        "name in ['end 1', 'end, \"4\"'] and tcp", "not name end*", "dst-name != x", "tcp-flags 2", "traffic-path 3",
        "type IPv6 and dst port 53", "log-status OK", "account-id != 123456789012",
    ]) func `a query gives what the filter matches`(text: String) throws {
        try withStore { reader, entries in
            try expect(reader, entries, StoreQuery(filter: text.isEmpty ? nil : try FlowFilter(text)))
        }
    }

    @Test(arguments: ["", "dst port 1-300 and accept", "interface tap2", "nodata"])
    func `so it does within a time`(text: String) throws {
        try withStore { reader, entries in
            let filter = text.isEmpty ? nil : try FlowFilter(text)
            let middle = RandomEntries(seed: 1).window.start.seconds + 30
            for query in [
                StoreQuery(since: middle, filter: filter), StoreQuery(until: middle, filter: filter),
                StoreQuery(since: middle, until: middle + 1, filter: filter),
            ] {
                try expect(reader, entries, query)
            }
        }
    }

    private func expect(_ reader: StoreReader, _ entries: [LogEntry], _ query: StoreQuery) throws {
        var found: [LogEntry] = []
        try reader.forEachEntry(query) { found.append($0) }
        #expect(Self.lines(found) == Self.lines(entries.filter(query.takes)))
    }

    /// Ports have numbers of their own in each row group.
    private static func lines(_ entries: [LogEntry]) -> String {
        var bytes: [UInt8] = []
        for entry in entries { JSONLinesFormat().append(entry, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `totals are the sums of the records`() throws {
        try withStore { reader, entries in
            for text in ["", "tcp and reject", "host 10.0.0.7"] {
                let filter = text.isEmpty ? nil : try FlowFilter(text)
                let taken = entries.filter { filter?.matches($0) ?? true }
                let all = try reader.totals(StoreQuery(filter: filter), by: [])
                #expect(all.groups.count <= 1 && all.sum.records == UInt64(taken.count))
                let groups = try reader.totals(StoreQuery(filter: filter), by: [.port, .destinationPort, .action])
                #expect(groups.sum == all.sum)
                for group in groups.groups {
                    let own = taken.filter { entry in
                        let key = if case .flow(let record) = entry { record.key } else { FlowKey?.none }
                        let port = key.map { $0.isICMP ? 0 : Int64($0.destinationPort) }
                        return group.values[0] == .text(entry.port.name)
                            && group.values[1] == (port.map { .number($0) } ?? .null)
                            && group.values[2].description
                                == (entry.verdict?.action == .accept
                                    ? "ACCEPT" : entry.verdict?.action == .reject ? "REJECT" : "-")
                    }
                    #expect(group.counts.records == UInt64(own.count))
                    let counted = own.filter { if case .skipData = $0 { false } else { true } }
                    #expect(group.counts.packets == counted.reduce(0) { $0 &+ $1.count.packets })
                    #expect(group.counts.octets == counted.reduce(0) { $0 &+ $1.count.octets })
                    #expect(group.counts.first == own.map(\.start.seconds).min())
                    #expect(group.counts.last == own.map(\.end.seconds).max())
                }
            }
        }
    }

    @Test func `totals over time have a group for each piece, and too many groups are said`() throws {
        try withStore { reader, entries in
            let totals = try reader.totals(StoreQuery(), by: [], every: 300)
            #expect(totals.groups.map(\.bucket) == [1_795_774_500] && totals.sum.records == 240)
            #expect(throws: StoreQueryError.tooManyGroups(10)) {
                try reader.totals(StoreQuery(), by: [.sourceAddress], most: 10)
            }
        }
    }

    private struct Age: Equatable {
        let window: UnixTime
        let start: UnixTime

        init(_ entry: LogEntry) { (window, start) = (entry.window.start, entry.start) }
    }

    @Test(arguments: [1, 60, 100, 9000]) func `the newest are the last ones`(count: Int) throws {
        try withStore { reader, entries in
            let newest = try reader.newest(count, StoreQuery())
            #expect(newest.count == min(count, 240))
            let sorted = entries.sorted { ($0.window.start, $0.start) < ($1.window.start, $1.start) }
            #expect(newest.map { Age($0) } == sorted.suffix(count).map { Age($0) })
            #expect(Set(newest.map { Self.lines([$0]) }).isSubset(of: entries.map { Self.lines([$0]) }))
        }
    }
}
