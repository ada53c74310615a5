// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowStore
import FlowViews
import Foundation
import Testing

@Suite struct RankingTests {
    private static let entries = [
        Traffic.flow("10.0.0.1", octets: 6000), Traffic.flow("10.0.0.1", octets: 2000, isRejected: true),
        Traffic.flow("10.0.0.2", to: 22, octets: 2000, packets: 30, isRejected: true),
        LogEntry.noData(port: Traffic.port("tap8"), window: Traffic.window(0)),
        .skipData(
            port: Traffic.port("tap9"), window: Traffic.window(0), overflow: PacketCount(packets: 3, octets: 300)),
    ]

    private func lines(
        _ ranking: Ranking, _ ink: Ink = .plain, width: Int? = nil, names: GroupNames = GroupNames()
    ) -> [String] {
        let table = RankingTable(ranking, names: names, ink, width: width)
        return table.lines(0..<ranking.groups.count) + [table.footer(shown: ranking.groups.count, hint: "")]
    }

    @Test func `groups have sums, the largest first, and all together a sum at the end`() throws {
        #expect(
            lines(try Traffic.ranking(Self.entries, by: "srcaddr,dstport")) == [
                "SRCADDR   DSTPORT  FLOWS  PACKETS  OCTETS  OCTETS/S  REJECTED   SHARE",
                "10.0.0.1  443          2       20  8.0 kB      80 B        10  80.0 %",
                "10.0.0.2  22           1       30  2.0 kB      20 B        30  20.0 %",
                "2 groups, 3 flows, 50 packets, 10.0 kB, 100 B/s, 40 rejected, "
                    + "and 3 packets that found no room (SKIPDATA)",
            ])
    }

    @Test(arguments: [
        (Measure.bytes, "10.0.0.1"), (.packets, "10.0.0.2"), (.flows, "10.0.0.1"), (.rejects, "10.0.0.2"),
    ])
    func `each order has its first`(measure: Measure, first: String) throws {
        let ranking = try Traffic.ranking(Self.entries, by: "srcaddr", measure)
        #expect(ranking.groups.first?.values == [.text(first)])
    }

    @Test func `equal groups keep their places`() throws {
        let entries = (1...40).map { Traffic.flow("10.0.0.\($0)", octets: 5) }
        let first = try Traffic.ranking(entries, by: "srcaddr").groups.map(\.values)
        for _ in 0..<5 { #expect(try Traffic.ranking(entries.shuffled(), by: "srcaddr").groups.map(\.values) == first) }
    }

    @Test func `a bar is as long as the share of the largest, and its end is what was rejected`() throws {
        let ranking = try Traffic.ranking(Self.entries, by: "srcaddr")
        let plain = lines(ranking, width: 100)
        #expect(plain[1].hasSuffix("%  " + String(repeating: "#", count: 28) + String(repeating: "x", count: 10)))
        #expect(plain[2].hasSuffix("%  " + String(repeating: "x", count: 10)))
        let blocks = lines(ranking, Ink(hasColour: false, hasBlocks: true), width: 100)
        #expect(blocks[1].hasSuffix("█▒▒▒▒▒▒▒▒▒▒"))
    }

    @Test(arguments: [20, 30, 40, 57, 80, 100, 200, 400])
    func `no row is wider than the terminal, and what is ordered by is always there`(width: Int) throws {
        let long = (1...9).map { number in
            Traffic.flow("2001:db8:1234:a100:8d6e:3477:df66:f10\(number)", octets: 1_234_567, on: "a-long-interface")
        }
        for (measure, title) in [(Measure.bytes, "OCTETS"), (.flows, "FLOWS"), (.rejects, "REJECTED")] {
            let ranking = try Traffic.ranking(long + Self.entries, by: "interface,srcaddr", measure)
            let table = RankingTable(ranking, names: GroupNames(), .plain, width: width)
            let rows = table.lines(0..<ranking.groups.count)
            #expect(rows.allSatisfy { $0.count <= max(width, 30) }, "\(rows)")
            #expect(rows[0].contains(title))
        }
    }

    @Test func `colour changes nothing else`() throws {
        let ranking = try Traffic.ranking(Self.entries, by: "srcaddr,action")
        let coloured = lines(ranking, Ink(hasColour: true, hasBlocks: false), width: 90)
        let bare = coloured.map { $0.replacing(/\u{1B}\[[0-9]+m/, with: "") }
        #expect(bare == lines(ranking, width: 90) && coloured != bare)
    }

    @Test func `protocols and services have names, and what nobody knows is a dash`() throws {
        let names = GroupNames { port, transport in port == 443 && transport == "tcp" ? "https" : nil }
        let text = lines(try Traffic.ranking(Self.entries, by: "protocol,dstport,instance_id"), names: names)
        #expect(text[1].hasPrefix("tcp       https    -    "))
        let alone = lines(try Traffic.ranking(Self.entries, by: "dstport"), names: names)
        #expect(alone[1].hasPrefix("https "))
    }

    @Test func `a machine has one row, by its newest name, else its identifier, else its port`() throws {
        let web = { (name: String?, port: String) in
            Traffic.port(port, PortIdentity(instanceID: "i-1", instanceName: name, projectID: "p", projectName: "shop"))
        }
        let twin = Traffic.port("tap4", PortIdentity(instanceID: "i-2", instanceName: "web 2"))
        let entries = [
            Traffic.flow("10.0.0.1", octets: 1000, on: web(nil, "tap1")),
            Traffic.flow("10.0.0.2", octets: 2000, at: 60, on: web("web 1", "tap1")),
            Traffic.flow("10.0.0.3", octets: 4000, at: 120, on: web("web 2", "tap2")),
            Traffic.flow("10.0.0.4", octets: 500, at: 180, on: twin),
            Traffic.flow("10.0.0.5", octets: 400, on: Traffic.port("tap5", PortIdentity(instanceID: "i-5"))),
            Traffic.flow("10.0.0.6", octets: 300, on: Traffic.port("tap6", PortIdentity(instanceName: "\u{1B}x"))),
            Traffic.flow("10.0.0.7", octets: 200, on: "tap7"),
        ]
        let ranking = try Traffic.ranking(entries.shuffled(), by: "vm")
        #expect(
            lines(ranking).map { $0.prefix(12) } == [
                "VM     FLOWS", "web 2      3", "web 2      1", "i-5        1", "\\x1bx      1", "tap7       1",
                "5 groups, 7 ",
            ])
        #expect(ranking.groups.map(\.counts.octets) == [7000, 500, 400, 300, 200])
        let json = try JSONEncoder().encode(RankingReport(ranking, shown: 9, filter: nil, hasOpenWindow: false))
        let groups = try (JSONSerialization.jsonObject(with: json) as? [String: Any])?["groups"] as? [[String: Any]]
        let owners = groups?.map { group in ["instance_name", "instance_id", "port"].map { group[$0] as? String } }
        #expect(
            owners == [
                ["web 2", "i-1", nil], ["web 2", "i-2", nil], [nil, "i-5", nil], ["\u{1B}x", nil, nil],
                [nil, nil, "tap7"],
            ])
        let projects = try Traffic.ranking(entries.shuffled(), by: "project")
        #expect(projects.groups.map(\.values) == [[.text("shop"), .text("p")], [.null, .null]])
        #expect(projects.groups.map(\.counts.octets) == [7000, 1400])
        #expect(lines(projects)[2].hasPrefix("- "))
    }

    @Test func `JSON has the same facts`() throws {
        let ranking = try Traffic.ranking(Self.entries, by: "srcaddr,dstport,vm")
        let report = RankingReport(ranking, shown: 1, filter: "tcp", hasOpenWindow: true)
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? NSDictionary
        let expected: NSDictionary = [
            "since": 1000, "until": 1100, "by": ["srcaddr", "dstport", "vm"], "order": "bytes",
            "filter": "tcp",
            "open_window": true, "group_count": 2,
            "groups": [
                [
                    "srcaddr": "10.0.0.1", "dstport": 443, "port": "tap7", "flows": 2, "packets": 20, "bytes": 8000,
                    "rejected_flows": 1, "rejected_packets": 10, "rejected_bytes": 2000,
                ]
            ],
            "sum": [
                "flows": 3, "packets": 50, "bytes": 10_000, "rejected_flows": 2, "rejected_packets": 40,
                "rejected_bytes": 4000, "overflow_packets": 3, "overflow_bytes": 300,
            ],
        ]
        #expect(json == expected)
    }

    @Test func `fields go by their names in every spelling, and by the words of filters`() throws {
        #expect(
            try GroupField.list("flow-direction VM,proto").map(\.name) == ["flow_direction", "vm", "protocol"])
        #expect(try GroupField.list("interface") == GroupField.list("port"))
    }

    @Test(arguments: [
        ("", "name at least one field to group by, such as srcaddr"),
        ("srcadr", "\"srcadr\" is not a field: did you mean srcaddr?"),
        ("flow_direktion", "\"flow_direktion\" is not a field: did you mean flow_direction?"),
        ("colour-of-cable", "\"colour-of-cable\" is not a field; docs/reading.md lists them"),
        ("srcaddr,srcaddr", "the field srcaddr is named twice: leave one of them out"),
        ("bytes", "bytes cannot be grouped by: it says how much or when, not whose"),
    ])
    func `what is no field is said`(text: String, sentence: String) {
        let error = #expect(throws: GroupFieldError.self) { try GroupField.list(text) }
        #expect(error?.description == sentence)
    }
}
