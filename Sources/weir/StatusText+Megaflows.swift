// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import OpenVSwitch

extension StatusText {
    /// What is known of what the switch does with packets.
    static func text(_ report: MegaflowReport) -> String {
        var text = "\(report.megaflows) known"
        if let seconds = report.pollSeconds, let bytes = report.pollBytes {
            let milliseconds = Int((seconds * 1000).rounded())
            text +=
                ", looked at every \(Int(report.intervalSeconds.rounded())) s, last in \(milliseconds) ms (\(HumanUnits.octets(UInt64(bytes))))"
        }
        text += "; \(report.tracesAnswered) of \(report.tracesAsked) traces answered"
        if report.isCut { text += "; more than are kept" }
        if report.unreadable > 0 { text += "; \(counted(report.unreadable, "line")) could not be read" }
        if let failure = report.failure {
            text += "; cannot be asked: \(failure) (\(counted(report.pollsFailed, "time")))"
        }
        return text
    }
}
