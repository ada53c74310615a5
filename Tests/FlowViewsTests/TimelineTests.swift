// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowStore
import FlowTestKit
import FlowViews
import Foundation
import Testing

@Suite struct TimelineTests {
    /// From 00:00 to 00:10: traffic in the minutes 0, 1, 5 and 8; nothing was measured in the minutes 3 and 4.
    private func timeline(
        by names: String? = nil, _ measure: Measure = .bytes, end: Int64 = 600, most: Int = 9, step: Int64 = 60
    ) throws -> Timeline {
        let entries = [
            Traffic.flow("10.0.0.1", octets: 800, at: 0), Traffic.flow("10.0.0.1", octets: 400, at: 60),
            Traffic.flow("10.0.0.2", octets: 400, at: 60), Traffic.flow("10.0.0.2", octets: 100, at: 300),
            Traffic.flow("10.0.0.3", octets: 7, at: 480, isRejected: true),
        ]
        let windows = [0, 60, 120, 300, 360, 420, 480, 540].map { start in
            Timeline.MeasuredWindow(start: start, end: start + 60, overflowPackets: start == 420 ? 12 : 0)
        }
        let fields = try names.map { try GroupField.list($0) } ?? []
        return Timeline(
            StoreTotals(entries, by: fields.columns, every: step), by: fields, measure, windows: windows,
            start: 0,
            end: end, step: step, most: most)
    }

    @Test func `pieces have what was counted, how much of them was measured, and what found no room`() throws {
        let timeline = try timeline()
        let json = try object(timeline)
        #expect((json["total"] as? NSDictionary)?["bytes"] as? [Int] == [800, 800, 0, 0, 0, 100, 0, 0, 7, 0])
        #expect((json["total"] as? NSDictionary)?["rejected_packets"] as? [Int] == [0, 0, 0, 0, 0, 0, 0, 0, 10, 0])
        #expect(json["measured_seconds"] as? [Int] == [60, 60, 60, 0, 0, 60, 60, 60, 60, 60])
        #expect(json["overflow_packets"] as? [Int] == [0, 0, 0, 0, 0, 0, 0, 12, 0, 0])
        #expect(timeline.coverage == [.whole, .whole, .whole, .none, .none, .whole, .whole, .whole, .whole, .whole])
    }

    private func object(_ timeline: Timeline) throws -> NSDictionary {
        let data = try JSONEncoder().encode(TimelineReport(timeline, filter: nil))
        return try #require(try JSONSerialization.jsonObject(with: data) as? NSDictionary)
    }

    @Test func `the largest groups have a series each, and the rest one together`() throws {
        let groups = try #require(try object(try timeline(by: "srcaddr", most: 1))["groups"] as? [NSDictionary])
        #expect(groups.map { $0["srcaddr"] as? String } == ["10.0.0.1", nil])
        #expect(groups.map { $0["others"] as? Bool } == [nil, true])
        #expect(groups[1]["bytes"] as? [Int] == [0, 400, 0, 0, 0, 100, 0, 0, 7, 0])
        // Two others would take as much room as their sum.
        #expect(try timeline(by: "srcaddr", most: 2).series.count == 3)
    }

    @Test func `what is still to come is neither measured nor a gap`() throws {
        #expect(try timeline(end: 660).coverage.suffix(2) == [.whole, .pending])
        #expect(try timeline(end: 1200).coverage.suffix(10).allSatisfy { $0 == .none })
        #expect(try timeline(end: 640, step: 120).coverage == [.whole, .part, .part, .whole, .whole, .pending])
    }

    @Test func `it is drawn in characters, with its gaps`() throws {
        let ink = Ink(hasColour: false, hasBlocks: true)
        let lines = TimelineText(try timeline(), names: GroupNames(), ink, .utc, width: 22).lines
        #expect(
            lines == [
                "    800 B │██", "          │██", "          │██", "          │██", "    400 B │██", "          │██",
                "          │██", "          │██ ░░█  ▁", "        0 └──────────", "                  !",
                "           01-01", "", "octets every 1m; 5 flows, 50 packets, 1.7 kB, 10 rejected",
                "░  not measured: the store has no window",
                "!  12 packets found no room, and no record has them (SKIPDATA)",
            ])
        let plain = TimelineText(try timeline(by: "srcaddr"), names: GroupNames(), .plain, .utc, width: 50).lines
        #expect(plain.joined().utf8.allSatisfy { $0 < 0x80 })
        #expect(plain.contains { $0.hasPrefix("10.0.0.1") && $0.hasSuffix("1.2 kB     800 B") })
        #expect(plain.contains { $0.hasPrefix("10.0.0.3") && $0.contains("??") })
    }

    @Test(arguments: [40, 60, 80, 132, 200])
    func `no line of a chart is wider than asked for`(width: Int) throws {
        for names in [nil, "srcaddr", "srcaddr,dstaddr,interface"] {
            let lines = TimelineText(try timeline(by: names), names: GroupNames(), .plain, .utc, width: width).lines
            #expect(lines.prefix { $0 != "" }.allSatisfy { $0.count <= width }, "\(lines)")
            #expect(TimelineText.room(width: width, hasGroups: names != nil) >= 5)
        }
    }

    @Test func `the length of pieces fits the room and the windows`() {
        func step(_ seconds: Int64, _ room: Int, _ window: Int64 = 60) -> Int64 {
            TimelineStep.automatic(from: 0, to: seconds, atMost: room, longestWindow: window)
        }
        #expect(step(21_600, 72) == 300 && step(21_600, 71) == 600 && step(300, 100) == 60 && step(300, 100, 1) == 5)
        #expect(step(300, 100, 600) == 600 && step(86_400 * 365, 70) == 604_800)
        #expect([90, 300, 7200, 86_400].map(TimelineStep.text) == ["90s", "5m", "2h", "1d"])
    }

    @Test func `the picture is XML with a title, a description, a pattern for each group, and its gaps`() throws {
        let timeline = try timeline(by: "srcaddr")
        let svg = TimelineSVG(timeline, names: GroupNames(), .utc, subject: "port < 5 & \"x\"", width: 700).text
        let file = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString).svg")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(svg.utf8).write(to: file)
        let script = """
            import sys, xml.etree.ElementTree as xml
            root = xml.parse(sys.argv[1]).getroot()
            ns = "{http://www.w3.org/2000/svg}"
            names = {root.find(ns + "title").get("id"), root.find(ns + "desc").get("id")}
            assert names == set(root.get("aria-labelledby").split()) and root.get("role") == "img"
            assert root.find(ns + "title").text == 'Octets every 1m by srcaddr: port < 5 & "x"'
            assert "10.0.0.1: 1.2 kB" in root.find(ns + "desc").text and "not measured" in root.find(ns + "desc").text
            patterns = {p.get("id") for p in root.iter(ns + "pattern")}
            bars = [r for r in root.iter(ns + "rect") if r.get("fill", "").startswith("url(#weir-") and r.find(ns + "title") is not None]
            used = {r.get("fill")[5:-1] for r in bars}
            assert used == {"weir-gap", "weir-0", "weir-1", "weir-2"} == patterns, (used, patterns)
            assert sum(r.get("fill") == "url(#weir-gap)" for r in bars) == 2
            assert any(t.text == "!" for t in root.iter(ns + "text"))
            assert "prefers-color-scheme: dark" in root.find(ns + "style").text
            assert not any("href" in key for e in root.iter() for key in e.attrib)
            width, height = float(root.get("width")), float(root.get("height"))
            for e in root.iter(ns + "rect"):
                if e.get("x"): assert 0 <= float(e.get("x")) and float(e.get("x")) + float(e.get("width")) <= width + .2, e.attrib
                if e.get("y"): assert 0 <= float(e.get("y")) and float(e.get("y")) + float(e.get("height")) <= height, e.attrib
            print("fine")
            """
        #expect(try ChildProcess.run(["python3", "-c", script, file.path]) == "fine\n")
    }
}
