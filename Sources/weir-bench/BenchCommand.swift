// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowBench
import FlowKernel
import FlowModel
import Foundation
import Host

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir-bench",
        abstract: "Measure what counting a packet costs.",
        discussion: """
            Runs programs on made packets, and on a tap in a network namespace of its own; touches no interface of this \
            host. Takes root. What the figures mean is in docs/performance.md.

            Exit status: 0 done, 1 failed or packets counted are not packets sent, 2 the command was not understood.
            """)

    @Flag(help: "Fewer and shorter rounds: done in less than five minutes.")
    var quick = false

    @Option(
        defaultAsFlag: "-",
        help: ArgumentHelp(
            "Write JSON: to standard output in place of the tables, or to a file beside them.", valueName: "file"),
        completion: .file())
    var json: String?

    @Option(
        help: ArgumentHelp("Write a plot of ns a packet against flows.", valueName: "file.svg"), completion: .file())
    var plot: String?

    @Option(
        help: ArgumentHelp("Write a plot of what the store costs.", valueName: "file.svg"), completion: .file())
    var storePlot: String?

    @Option(
        help: ArgumentHelp(
            "Measure a TC or XDP program of an object file as well.",
            discussion: """
                FILE:SECTION[,NAME=VALUE]… SECTION may be the name of the program. Only that program is loaded, and nothing \
                is pinned. MAP=N gives a map N entries, MAP=flows as many as there are flows, MAP=/PATH uses a pinned map \
                in its place. VARIABLE=N sets a global variable. hook=tc, xdp or xdp.frags says what the section does not.
                """,
            valueName: "file:section"),
        transform: ForeignProgram.init(_:))
    var program: [ForeignProgram] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Measure only: \(BenchPart.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "part"))
    var only: [BenchPart] = []

    @Option(help: "CPU to run on; the last one by itself.")
    var cpu: Int?

    func validate() throws {
        guard plot == nil || parts.contains(.packets) else {
            throw ValidationError("--plot shows packets: add packets to --only.")
        }
        guard storePlot == nil || parts.contains(.store) else {
            throw ValidationError("--store-plot shows the store: add store to --only.")
        }
    }

    private var parts: Set<BenchPart> { Set(only.isEmpty ? BenchPart.allCases : only) }

    func run() throws {
        try Capability.require(for: "measure programs")
        let settings = Settings(isQuick: quick, cpu: cpu ?? ThreadCPU.online - 1)
        // Now, not after minutes of measuring.
        for path in [json, plot, storePlot].compactMap(\.self) { try write(Data(), to: path) }
        for program in program { _ = try LoadedForeignProgram(program, roomFor: 1) }
        let report = try Bench(settings: settings, parts: parts, programs: program).run()
        let document = BenchDocument(report, engines: Engine.allCases.map(\.rawValue))
        if json != "-" { print(ReportText(report, document).text) }
        if let json { try write(try document.json(), to: json) }
        if let plot { try write(Data(PacketPlot(report).svg.utf8), to: plot) }
        if let storePlot, let plot = StorePlot(report) { try write(Data(plot.svg.utf8), to: storePlot) }
    }

    private func write(_ data: Data, to path: String) throws {
        if path == "-" { return try FileHandle.standardOutput.write(contentsOf: data) }
        do {
            try data.write(to: URL(filePath: path))
        } catch {
            throw BenchFailure(
                description: "cannot write \(path): \((error as NSError).localizedFailureReason ?? "\(error)")")
        }
    }
}
