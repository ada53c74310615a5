// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Reporting

/// How a directory provider stands. Counts are since the daemon started, or since the provider was named in its configuration.
package struct ProviderReport: ReportSection {
    package var name: String
    package var pid: Int32?
    package var restarts: UInt64 = 0
    package var failure: String?
    package var interfaces = 0
    package var linesPrinted: UInt64 = 0
    package var linesRefused: UInt64 = 0
    package var lastRefusal: String?
    package var isHeldBack = false
    package var heard: Int64?
    package var figuresFailure: String?

    package init() { self.init(name: "") }

    package init(name: String) { self.name = name }

    package static let facts = [
        Fact<Self>("name", \.name, "Its name in the configuration."),
        Fact("pid", \.pid, "Its process; left out while it does not run."),
        Fact(
            "restarts", \.restarts, "How often a provider was started again because it had failed.", .counter,
            "weir_provider_restarts_total"),
        Fact(
            "failure", \.failure, "Why it does not run; left out while it does, and while it waits for its next turn.",
            Metric(.gauge, "weir_provider_failing", "1 while a provider does not run because it failed.") {
                $0.failure != nil
            }),
        Fact(
            "interfaces", \.interfaces, "Interfaces that a provider knows.", .gauge, "weir_provider_interfaces"),
        Fact("lines", \.linesPrinted, "Lines that a provider has printed.", .counter, "weir_provider_lines_total"),
        Fact(
            "lines_refused", \.linesRefused, "Lines of a provider that could not be taken.", .counter,
            "weir_provider_refused_lines_total"),
        Fact("last_refusal", \.lastRefusal, "Why the last of these could not."),
        Fact("held_back", \.isHeldBack, "Whether it prints faster than it is read, and waits."),
        Fact(
            "heard", \.heard, "When a provider has printed something last, in seconds since the epoch.", .gauge,
            "weir_provider_heard_seconds"),
        Fact(
            "figures_failure", \.figuresFailure,
            "Why it cannot tell the figures of machines; left out while it can, or tells none."),
    ]

    package var lines: [ReportLine] { [ReportLine("provider", "\(name): \(text)")] }

    package var concerns: [Concern] {
        failure.map { [.warning("the provider \(name) does not run: \($0)")] } ?? []
    }

    private var text: String {
        var parts = [failure.map { "does not run: \($0)" }, counted(interfaces, "interface")].compactMap(\.self)
        parts += [heard.map { "heard at \(ReportLine.time($0))" }].compactMap(\.self)
        parts += [figuresFailure.map { "no figures of machines: \($0)" }].compactMap(\.self)
        if isHeldBack { parts.append("prints too fast, and waits") }
        if linesRefused > 0, let lastRefusal {
            parts.append("\(counted(linesRefused, "line")) refused, the last because \(lastRefusal)")
        }
        return parts.joined(separator: ", ")
    }
}
