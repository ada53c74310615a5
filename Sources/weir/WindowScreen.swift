// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowKernel
import FlowModel
import Foundation
import WeirDaemon

/// What a person at the terminal sees of the daemon: on standard error, so that lines stay apart.
struct WindowScreen: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func start(_ ports: [RegisteredPort], _ configuration: Configuration) {
        say("\(Self.subject(ports, configuration)); end with Ctrl-C")
        if let directory = configuration.logDirectory { say("writing files under \(directory)") }
    }

    /// What is measured, or waited for.
    static func subject(_ ports: [RegisteredPort], _ configuration: Configuration) -> String {
        guard !ports.isEmpty else {
            let awaited = configuration.ports.map(\.pattern.text) + (configuration.ovs == nil ? [] : ["Open vSwitch"])
            return "no port matches yet; waiting for \(awaited.joined(separator: ", "))"
        }
        let names = ports.map(\.name).joined(separator: ", ")
        return "measuring \(names), a window every \(Int(configuration.interval / .seconds(1))) s"
    }

    /// What is left behind: a port goes on counting unless it was detached.
    func end(_ ports: [RegisteredPort]) {
        let names = ports.map(\.name).joined(separator: ", ")
        say(
            names.isEmpty
                ? "ended, nothing is attached"
                : "ended; \(names) \(ports.count == 1 ? "goes" : "go") on counting (to end that: weir detach --all)")
    }

    func show(_ summary: WindowSummary) { say(summary.text) }

    private func say(_ line: String) {
        guard isTerminal else { return }
        FileHandle.standardError.write(Data(("weir: " + line + "\n").utf8))
    }
}

extension WindowSummary {
    /// One line of the window.
    var text: String {
        var line = "\(Self.time(window.start)) – \(Self.time(window.end))  ports \(ports)  flows \(flows)  "
        line += "\(HumanUnits.count(seen.packets)) packets  \(HumanUnits.octets(seen.octets))"
        if !overflow.isZero { line += "  \(counted(overflow.packets, "packet")) found no room" }
        return line
    }

    private static func time(_ time: UnixTime) -> String {
        Date(timeIntervalSince1970: TimeInterval(time.seconds)).formatted(
            .iso8601.time(includingFractionalSeconds: false))
    }
}
