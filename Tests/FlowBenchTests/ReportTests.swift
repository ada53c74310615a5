// SPDX-License-Identifier: Apache-2.0

import FlowBench
import Foundation
import Testing

@Suite struct ReportTests {
    private static func figure(_ median: Double) -> Figure {
        Figure(median: median, lowerQuartile: median, upperQuartile: median, rounds: 7)
    }

    private static func packet(
        _ subject: String, _ flows: Int, _ net: Double, hook: String = "tc", frame: String = "IPv4",
        _ distribution: FlowDistribution = .uniform
    ) -> PacketFigure {
        PacketFigure(
            subject: subject, hook: hook, frame: frame, flows: flows, distribution: distribution, net: figure(net),
            gross: figure(net + 10))
    }

    private static var report: BenchReport {
        var report = BenchReport(
            machine: MachineFacts(kernel: "6.18.0", cpuModel: "A <fast> one", cpus: 2, memoryBytes: 1 << 34),
            method: BenchReport.Method(
                rounds: 7, packetsARun: 1000, cpu: 1, isQuick: true, defaultEngine: "fast", reference: "reference"))
        report.packets = [
            // Other hooks, forms and distributions must not be taken for what is compared.
            packet("fast", 1, 999, hook: "xdp.frags"), packet("fast", 1, 999, frame: "IPv6"),
            packet("fast", 65_536, 999, .zipf),
            packet("fast", 1, 8), packet("fast", 1024, 12), packet("fast", 65_536, 70), packet("fast", 1_048_576, 150),
            packet("reference", 1, 80), packet("reference", 1024, 80), packet("reference", 65_536, 350),
            packet("reference", 1_048_576, 750),
        ]
        report.inserts = [
            FlowsFigure(subject: "reference", flows: 1_048_576, nanoseconds: figure(400)),
            FlowsFigure(subject: "fast", flows: 1_048_576, nanoseconds: figure(100)),
        ]
        return report
    }

    private static func json(_ report: BenchReport) throws -> [String: Any] {
        let data = try BenchDocument(report, engines: ["fast"]).json()
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func ratiosAreThoseOfTheDefaultEngineToTheReference() throws {
        let ratios = try #require(try Self.json(Self.report)["ratios"] as? [String: Double])
        #expect(ratios == ["hot": 0.15, "flows_64k": 0.2, "flows_1m": 0.2, "insert": 0.25])
    }

    @Test func everyEngineHasItsRatios() throws {
        let engines = try #require(try Self.json(Self.report)["engine_ratios"] as? [String: [String: Double]])
        #expect(engines["fast"]?["hot"] == 0.15)
    }

    @Test func whatWasNotMeasuredHasNoRatio() throws {
        var report = Self.report
        report.packets.removeAll { $0.flows == 1024 }
        report.inserts = []
        let ratios = try #require(try Self.json(report)["ratios"] as? [String: Double])
        #expect(ratios == ["flows_64k": 0.2, "flows_1m": 0.2])
    }

    @Test func theDocumentSaysWhereItWasMeasured() throws {
        let machine = try #require(try Self.json(Self.report)["machine"] as? [String: Any])
        #expect(Set(machine.keys) == ["kernel", "cpu_model", "cpus", "memory_bytes"])
    }

    @Test func theTablesShowEveryPartThatWasMeasuredAndNoOther() {
        let text = ReportText(Self.report, BenchDocument(Self.report, engines: ["fast"])).text
        #expect(text.contains("  fast       tc           8.0  12.0   70.0  150.0"))
        #expect(text.contains("new flow") && text.contains("0.150"))
        #expect(!text.contains("tap") && !text.contains("swap"))
    }

    @Test func thePlotIsWellFormedAndNamesEveryLine() throws {
        var report = Self.report
        report.packets.append(Self.packet("other.o:<tc>", 1, 50))
        let svg = PacketPlot(report).svg
        let parser = XMLParserCheck()
        #expect(parser.accepts(svg))
        #expect(parser.texts.contains("fast 150") && parser.texts.contains("other.o:<tc> 50"))
        #expect(parser.elements["polyline"] == 3 && parser.elements["circle"] == 9)
    }

    @Test func `the plot of the store has a bar for each figure, red where it costs more than it may`() throws {
        var report = Self.report
        #expect(StorePlot(report) == nil)
        report.stores = [
            StoreFigure(
                records: 1_000_000,
                written: Figure(median: 1007.8, lowerQuartile: 1000, upperQuartile: 1010, rounds: 15),
                bytesASegmentRecord: 14.7, merged: 1137.9,
                bytesAMergedRecord: 13.7, exported: 900,
                questions: [
                    .init(words: "logs host 10.2.27.51", seconds: 0.4, answers: 188, residentBytes: 0),
                    .init(words: "top --by srcaddr", seconds: 5, answers: 72_540, residentBytes: 0),
                ])
        ]
        let svg = try #require(StorePlot(report)).svg
        let parser = XMLParserCheck()
        #expect(parser.accepts(svg))
        #expect(parser.texts.contains("1008 of 1000 ns a record") && parser.texts.contains("5.0 of 8 s"))
        #expect(parser.elements["rect"] == 7 && svg.matches(of: /#D55E00/).count == 1)
    }
}
