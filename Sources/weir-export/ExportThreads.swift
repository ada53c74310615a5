// SPDX-License-Identifier: Apache-2.0

import FlowExport
import Host

/// The threads of all sinks of a plan: one for the records of each, one for the state that it takes, and one that asks for the state.
struct ExportThreads {
    private let plan: ExportPlan
    private let records: [SinkThread]
    private let states: [StateThread]
    private let monitor: MonitorThread?
    /// nil where no sink wants samples.
    private let sampling: SamplingThread?

    /// Starts them.
    ///
    /// - Parameters:
    ///   - services: for filters; a process that is confined cannot read them any more.
    ///   - say: told what an operator should know.
    /// - Throws: what keeps a sink from being used.
    init(
        _ plan: ExportPlan, _ services: ServiceNames,
        say: @escaping @Sendable (SinkRunner.Severity, String) -> Void
    ) throws {
        self.plan = plan
        records = try plan.sinks.filter(\.takesRecords).map { settings in
            SinkThread(try plan.runner(of: settings, service: services.port(of:), say: say))
        }
        let streams = plan.sinks.map(\.stream)
        states = zip(plan.sinks, streams).compactMap { settings, stream in
            guard let runner = plan.stateRunner(of: settings, stream, say: say) else { return nil }
            return StateThread(runner)
        }
        monitor = states.isEmpty ? nil : MonitorThread(plan.monitor, states, say: say)
        let samplers = zip(plan.sinks, streams).compactMap { settings, stream -> SFlowSampler? in
            guard let stream, settings.sampling.isOn else { return nil }
            return SFlowSampler(settings.name, stream, settings.sampling)
        }
        sampling = samplers.isEmpty ? nil : try SamplingThread(samplers, plan.monitor, say: say)
    }

    /// Whether a sink wants samples.
    var wantsSamples: Bool { sampling != nil }

    /// Goes on with this ring of samples.
    func take(_ ring: RecordRing) { sampling?.take(ring) }

    /// How each sink stands.
    var reports: [SinkReport] {
        let sampled = sampling?.counts ?? [:]
        return plan.sinks.map { settings in
            var report = records.lazy.map(\.report).first { $0.name == settings.name } ?? settings.report
            if let state = states.first(where: { $0.name == settings.name }) {
                var state = state.report
                state.sampling = sampled[settings.name]
                report.add(state)
            }
            return report
        }
    }

    func storeHasChanged() { for sink in records { sink.storeHasChanged() } }

    /// Delivers all that the store has, and the state that waits; blocks until every thread has ended.
    func finish() {
        for sink in records { sink.finish() }
        monitor?.finish()
        sampling?.finish()
        for sink in states { sink.finish() }
        for sink in records { while !sink.hasEnded(within: .seconds(1)) {} }
        for sink in states { while !sink.hasEnded(within: .seconds(1)) {} }
    }
}
