// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowModel
import Foundation
import Host

/// A whole run: part after part, each figure checked, all in one report.
struct Bench {
    let settings: Settings
    let parts: Set<BenchPart>
    let programs: [ForeignProgram]

    func run() throws -> BenchReport {
        // Before the thread is kept on one CPU: programs are loaded on all of them.
        let ports = try measurePorts()
        let forwarding = try measureForwarding()
        let polling = try measurePolling()
        try ThreadCPU.stay(on: settings.cpu)
        var report = BenchReport(
            machine: .here,
            method: BenchReport.Method(
                rounds: settings.rounds, packetsARun: settings.packetsARun, cpu: settings.cpu,
                isQuick: settings.isQuick, defaultEngine: Engine.standard.rawValue,
                reference: BenchProgram.reference.rawValue))
        report.ports = ports
        report.forwarding = forwarding
        report.polling = polling
        try runStage(roomFor: Settings.usualBudget, into: &report)
        try runStage(roomFor: Ratios.mostFlows, into: &report)
        try runInserts(into: &report)
        try runRecords(into: &report)
        try runRest(into: &report)
        try runVerdicts(into: &report)
        if parts.contains(.store) { report.stores = [try StoreMeasurement(records: settings.storedRecords).figure()] }
        return report
    }

    private func measurePorts() throws -> [PortsFigure] {
        guard parts.contains(.ports) else { return [] }
        Progress.say("\(settings.ports) ports")
        return try PortsMeasurement.figures(of: settings.ports)
    }

    private func measureForwarding() throws -> [SwitchFigure] {
        guard parts.contains(.forwarding) else { return [] }
        Progress.say("frames through Open vSwitch")
        return try SwitchMeasurement.figures(settings)
    }

    private func measurePolling() throws -> [PollingFigure] {
        guard parts.contains(.polling) else { return [] }
        Progress.say("what Open vSwitch works for being looked at")
        return [try PollingMeasurement.figure(megaflows: 5000, seconds: settings.isQuick ? 30 : 120)]
    }

    /// Tables of one size, and all that is measured on them.
    private func runStage(roomFor room: Int, into report: inout BenchReport) throws {
        let isUsual = room == Settings.usualBudget
        let onStage: Set<BenchPart> = isUsual ? [.packets, .forms, .drain] : [.packets, .drain]
        guard !parts.isDisjoint(with: onStage) else { return }
        Progress.say("making tables for \(room) flows")
        let stage = try Stage(settings, roomFor: room, foreign: try ForeignSubject.all(programs, roomFor: room))
        let counts = settings.flowCounts.filter { ($0 <= Settings.usualBudget) == isUsual }
        for flows in counts where parts.contains(.packets) {
            Progress.say("packets of \(flows) flows")
            report.packets += try stage.packets(.ipv4, flows: flows, .uniform)
        }
        if parts.contains(.packets) {
            let flows = isUsual ? Ratios.manyFlows : Ratios.mostFlows
            Progress.say("packets of \(flows) flows, by Zipf's law")
            report.packets += try stage.packets(.ipv4, flows: flows, .zipf)
        }
        try runFlows(stage, isUsual: isUsual, into: &report)
    }

    private func runFlows(_ stage: Stage, isUsual: Bool, into report: inout BenchReport) throws {
        if parts.contains(.forms), isUsual {
            for form in FrameForm.all where form.name != FrameForm.ipv4.name || !parts.contains(.packets) {
                Progress.say("packets: \(form.name)")
                report.packets += try stage.packets(form, flows: Ratios.hotFlows[1], .uniform)
            }
        }
        if parts.contains(.drain) {
            let flows = isUsual ? Ratios.manyFlows : Ratios.mostFlows
            Progress.say("drain of \(flows) flows")
            report.drains += try stage.drains(flows: flows)
        }
    }

    private func runInserts(into report: inout BenchReport) throws {
        guard parts.contains(.insert) else { return }
        Progress.say("new flows")
        var measurement = try InsertMeasurement(foreign: programs)
        (report.inserts, report.insertsUsed) = try measurement.figures(rounds: settings.rounds)
    }

    private func runRecords(into report: inout BenchReport) throws {
        guard parts.contains(.records) else { return }
        for flows in [Ratios.manyFlows, Ratios.mostFlows] {
            for engine in Engine.allCases {
                Progress.say("records of \(flows) flows, \(engine.rawValue)")
                report.records.append(try RecordPath(engine, flows: flows).figure(rounds: settings.rounds))
            }
        }
        Progress.say("records of \(Ratios.mostFlows) flows, to the store on disk")
        report.published = [
            try PublishingPath(.standard, flows: Ratios.mostFlows).figure(rounds: settings.rounds)
        ]
    }

    private func runRest(into report: inout BenchReport) throws {
        if parts.contains(.memory) {
            Progress.say("memory")
            report.memory = try MemoryMeasurement.figures()
        }
        if parts.contains(.swap) {
            Progress.say("swaps")
            report.swaps = try Engine.allCases.map { engine in
                try SwapMeasurement.figure(of: engine, swaps: settings.swaps)
            }
        }
        if parts.contains(.tap) {
            Progress.say("frames through a tap")
            report.taps = try TapBench(settings).figures()
        }
        if parts.contains(.taps) {
            Progress.say("frames through many taps in turn")
            report.tapTurns = try TapTurns(settings).figures()
        }
    }

    private func runVerdicts(into report: inout BenchReport) throws {
        if parts.contains(.judgement) {
            Progress.say("judgements of 200000 records")
            report.judgements = [
                try JudgementMeasurement.figure(records: 200_000, megaflows: 5000, rounds: settings.rounds)
            ]
        }
        if parts.contains(.policy) {
            Progress.say("policies")
            report.policies = try PolicyMeasurement(settings).figures()
        }
        if parts.contains(.classifier) {
            report.classifier = try ClassifierMeasurement(settings: settings).figures()
        }
        if parts.contains(.conntrack) {
            Progress.say("frames that the host routes")
            report.conntrack = try ConntrackMeasurement(settings).figures()
        }
    }
}
