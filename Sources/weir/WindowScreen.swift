// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import Foundation
import WeirDaemon

/// What a person at the terminal sees of the daemon: on standard error, so that lines stay apart.
struct WindowScreen: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func start() { say("end with Ctrl-C") }

    func show(_ summary: WindowSummary) { say(summary.text) }

    private func say(_ line: String) {
        guard isTerminal else { return }
        try? FileHandle.standardError.write(contentsOf: Data(("weir: " + PrintableText.of(line) + "\n").utf8))
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
