// SPDX-License-Identifier: Apache-2.0

internal import FlowFormats
internal import FlowModel
internal import Foundation

/// A report for people: a table a part, of what was measured.
package struct ReportText {
    let report: BenchReport
    private let ratios: Ratios

    package init(_ report: BenchReport, _ document: BenchDocument) {
        self.report = report
        ratios = document.ratios
    }

    package var text: String {
        let sections = [
            machine, packetSection(.uniform), packetSection(.zipf), formSection, flowSection, recordSection,
            publishedSection, memorySection,
            tapSection, tapTurnsSection, swapSection, portsSection, forwardingSection, classifierSection,
            judgementSection,
            pollingSection, policySection, conntrackSection, storeSection, questionSection, ratioSection,
        ]
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var machine: [String] {
        let machine = report.machine
        return [
            "\(machine.cpuModel), \(machine.cpus) CPUs, kernel \(machine.kernel)",
            "medians of \(report.method.rounds) rounds on CPU \(report.method.cpu), \(report.method.packetsARun) packets a run",
        ]
    }

    /// One row a subject and hook, one column a number of flows.
    private func packetSection(_ distribution: FlowDistribution) -> [String] {
        let figures = report.packets.filter { $0.frame == FrameForm.ipv4.name && $0.distribution == distribution }
        let counts = Set(figures.map(\.flows)).sorted()
        let rows = Self.lines(of: figures) { figure in
            figure.flows
        } over: {
            counts
        }
        let title = distribution == .uniform ? "uniform" : "by Zipf's law"
        return Self.section(
            "ns a packet over an empty program, IPv4, flows \(title)",
            header: ["SUBJECT", "HOOK"] + counts.map(Self.short), rows: rows)
    }

    private var formSection: [String] {
        let figures = report.packets.filter { $0.flows == Ratios.hotFlows[1] && $0.distribution == .uniform }
        let names = FrameForm.all.map(\.name).filter { name in figures.contains { $0.frame == name } }
        guard names.count > 1 else { return [] }
        let rows = Self.lines(of: figures) { figure in
            figure.frame
        } over: {
            names
        }
        return Self.section(
            "ns a packet over an empty program, \(Self.short(Ratios.hotFlows[1])) flows, by form of the frame",
            header: ["SUBJECT", "HOOK"] + names, rows: rows)
    }

    private var flowSection: [String] {
        let kinds = [
            ("new flow", report.inserts), ("new flow, used table", report.insertsUsed), ("drained flow", report.drains),
        ]
        let rows = kinds.flatMap { kind, figures in
            figures.map { [$0.subject, kind, Self.short($0.flows), Self.number($0.nanoseconds.median)] }
        }
        return Self.section("ns a flow", header: ["SUBJECT", "WHAT", "FLOWS", "NS"], rows: rows)
    }

    private var recordSection: [String] {
        let rows = report.records.map { figure in
            [
                figure.subject, Self.short(figure.flows), Self.number(figure.merged.median),
                Self.number(figure.formatted.median),
            ]
        }
        return Self.section(
            "ns a record: drained and merged, and as AWS text as well",
            header: ["SUBJECT", "FLOWS", "MERGED", "AS TEXT"],
            rows: rows)
    }

    private var publishedSection: [String] {
        let rows = report.published.map { figure in
            [figure.subject, Self.short(figure.flows)]
                + [figure.merged, figure.journaled, figure.stored].map { Self.number($0.median) }
                + [Self.number(figure.bytesARecord)]
        }
        return Self.section(
            "ns a record: to the store on disk, records that do not repeat",
            header: ["SUBJECT", "FLOWS", "MERGED", "JOURNALED", "STORED", "BYTES"], rows: rows)
    }

    private var memorySection: [String] {
        let rows = report.memory.map { figure in
            [
                figure.subject, Self.short(figure.flows), HumanUnits.octets(figure.bytes),
                Self.number(figure.bytesAFlow),
            ]
        }
        return Self.section(
            "memory of all tables in the kernel", header: ["SUBJECT", "ROOM", "BYTES", "A FLOW"], rows: rows)
    }

    private var tapSection: [String] {
        let frames = report.taps.map(\.frame).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let lanes = report.taps.filter { $0.frame == frames.first }
        let rows = lanes.map { lane in
            [lane.subject, lane.hook]
                + report.taps.filter { $0.subject == lane.subject && $0.hook == lane.hook }.map { figure in
                    lane.hook == "none"
                        ? Self.number(figure.gross.median)
                        : (figure.delta.median < 0 ? "" : "+") + Self.number(figure.delta.median)
                }
        }
        return Self.section("CPU ns a frame written to a tap", header: ["SUBJECT", "HOOK"] + frames, rows: rows)
    }

    private var tapTurnsSection: [String] {
        let counts = Set(report.tapTurns.map(\.taps)).sorted()
        let subjects = report.tapTurns.filter { $0.taps == counts.first }.map(\.subject)
        let rows = subjects.enumerated().map { place, subject in
            [subject, ""]
                + report.tapTurns.filter { $0.subject == subject }.map { figure in
                    place == 0
                        ? Self.number(figure.gross.median)
                        : (figure.delta.median < 0 ? "" : "+") + Self.number(figure.delta.median)
                }
        }
        return Self.section(
            "CPU ns a frame of 60 B written to taps in turn, by how many there are",
            header: ["SUBJECT", ""] + counts.map(String.init), rows: rows)
    }

    private var swapSection: [String] {
        let rows = report.swaps.map { figure in
            [figure.subject, "", Self.number(figure.microseconds.median / 1000), Self.number(figure.longest / 1000)]
        }
        return Self.section("ms a swap", header: ["SUBJECT", "", "MEDIAN", "LONGEST"], rows: rows)
    }

    private var portsSection: [String] {
        let rows = report.ports.map { figure in
            [
                figure.action, "", "\(figure.ports)", Self.number(figure.milliseconds),
                Self.number(figure.microsecondsAPort),
            ]
        }
        return Self.section("many ports", header: ["WHAT", "", "PORTS", "MS", "US A PORT"], rows: rows)
    }

    private var forwardingSection: [String] {
        let rows = report.forwarding.map { figure in
            [
                figure.measuredBy, "", Self.number(figure.framesASecond.median / 1000),
                Self.number(figure.ratio, digits: 3),
            ]
        }
        return Self.section(
            "thousand frames a second through Open vSwitch, between AF_XDP ports",
            header: ["MEASURED BY", "", "KFRAMES/S", "OF NOTHING"], rows: rows)
    }

    private var ratioSection: [String] {
        let named = [
            ("hot", ratios.hot), ("64k flows", ratios.flows64k), ("1M flows", ratios.flows1M),
            ("new flow", ratios.insert),
        ]
        let known = named.compactMap { name, ratio in ratio.map { [name, "", Self.number($0, digits: 3)] } }
        return Self.section(
            "\(report.method.defaultEngine) in parts of the \(report.method.reference)", header: ["", "", "RATIO"],
            rows: known)
    }
}

extension ReportText {
    /// Rows of subject and hook, with the figures of each column where there is one.
    private static func lines<Column: Equatable>(
        of figures: [PacketFigure], column: (PacketFigure) -> Column, over columns: () -> [Column]
    ) -> [[String]] {
        var rows: [[String]] = []
        let columns = columns()
        for figure in figures where figure.subject != BenchProgram.empty.rawValue {
            guard !rows.contains(where: { $0[0] == figure.subject && $0[1] == figure.hook }) else { continue }
            let own = figures.filter { $0.subject == figure.subject && $0.hook == figure.hook }
            let cells = columns.map { wanted in own.first { column($0) == wanted }.map { number($0.net.median) } ?? "-"
            }
            rows.append([figure.subject, figure.hook] + cells)
        }
        return rows.sorted { ($0[1], $0[0]) < ($1[1], $1[0]) }
    }

    /// Nothing where nothing was measured.
    static func section(_ title: String, header: [String], rows: [[String]]) -> [String] {
        guard !rows.isEmpty else { return [] }
        return [title] + TextTable(rows: [header] + rows, rightAligned: 2..<header.count).lines.map { "  " + $0 }
    }

    /// `1024` is `1k`: powers of two, as the flow counts are.
    static func short(_ count: Int) -> String {
        switch count {
        case 1_048_576...: "\(count / 1_048_576)M"
        case 1024...: "\(count / 1024)k"
        default: "\(count)"
        }
    }

    static func number(_ value: Double, digits: Int = 1) -> String {
        let text = String(format: "%.\(digits)f", value)
        // What rounds to nothing has no sign.
        return Double(text) == 0 && text.hasPrefix("-") ? String(text.dropFirst()) : text
    }
}
