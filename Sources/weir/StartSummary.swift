// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowExport
import FlowKernel
import FlowModel
import FlowRecorder
import Foundation
import WeirConfiguration

/// What the daemon measures, for its log, when all ports are attached that were there at the start.
struct StartSummary {
    let text: String

    init(_ ports: [RegisteredPort], _ configuration: Configuration, now: UnixTime) {
        text =
            "weir \(WeirVersion.current) is \(Self.subject(ports, configuration)); "
            + Self.destinations(of: configuration, now: now)
    }

    /// What is measured, or waited for.
    static func subject(_ ports: [RegisteredPort], _ configuration: Configuration) -> String {
        let window = "a window every \(Int(configuration.interval / .seconds(1))) s"
        guard !ports.isEmpty else {
            let awaited = configuration.ports.filter(\.isMeasured).map(\.pattern.text)
            let names = awaited + (configuration.ovs == nil ? [] : ["ports of Open vSwitch"])
            return "measuring no port yet, waiting for \(names.joined(separator: ", ")), \(window)"
        }
        return "measuring \(names(of: ports)), \(window)"
    }

    /// Names of ports; not of more than a person reads.
    static func names(of ports: [RegisteredPort]) -> String {
        let named = ports.prefix(8).map(\.name).joined(separator: ", ")
        return ports.count > 8 ? "\(counted(ports.count, "port")) (\(named), …)" : named
    }

    static func text(awaiting patterns: [String]) -> String {
        let names = patterns.joined(separator: ", ")
        return
            "no interface is called \(names) yet; \(patterns.count == 1 ? "it is" : "each is") attached when it comes"
    }

    private static func destinations(of configuration: Configuration, now: UnixTime) -> String {
        let files = configuration.logDirectory.map { directory in
            let first = configuration.firstPublication(after: now)
            let time = Date(timeIntervalSince1970: TimeInterval(first.seconds)).ISO8601Format()
            return "\(configuration.format.rawValue) files under \(directory), the first at \(time)"
        }
        let output = configuration.printsLines ? "lines to standard output" : nil
        let others = configuration.sinks.map { "\($0.format.rawValue) for the sink \($0.name)" }
        let all = ["the store in \(configuration.store)"] + [files, output].compactMap(\.self) + others
        return all.joined(separator: ", ")
    }
}

/// What the daemon did, for its log, when it ends.
struct EndSummary {
    let text: String

    init(
        _ reason: String?, _ report: DaemonReport, _ ports: [RegisteredPort], _ result: Result<Void, any Error>
    ) {
        let cause =
            switch result {
            case .failure: "a failure"
            case .success: reason ?? "the reader of its lines had gone"
            }
        let left =
            ports.isEmpty
            ? "nothing is attached"
            : "\(StartSummary.names(of: ports)) \(ports.count == 1 ? "goes" : "go") on counting (weir detach --all ends that)"
        text =
            "ended after \(cause): \(counted(report.windows.closed, "window")), \(counted(report.store.records, "record")), \(counted(report.windows.unaccountedPackets, "packet")) unaccounted; \(left)"
    }
}
