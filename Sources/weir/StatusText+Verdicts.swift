// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowVerdict

extension StatusText {
    /// Of what said no, those with the most packets.
    private static let mostRejections = 10

    /// What became of packets, and what said no to how many.
    static func facts(_ verdicts: VerdictReport) -> [(name: String, value: String)] {
        var sums = "packets \(verdicts.accepted.packets) accepted, \(verdicts.rejected.packets) rejected"
        if verdicts.mixed.packets > 0 { sums += ", \(verdicts.mixed.packets) in records that met both" }
        sums += ", \(verdicts.unknown.packets) not judged"
        let rejections = verdicts.rejections.prefix(mostRejections).map { ("", line(of: $0)) }
        let rest = verdicts.rejections.dropFirst(mostRejections)
        guard !rest.isEmpty else { return [("verdicts", sums)] + rejections }
        let packets = rest.reduce(0) { $0 + $1.count.packets }
        return [("verdicts", sums)] + rejections + [
            ("", "\(packets) rejected by \(counted(rest.count, "other")) (--json)")
        ]
    }

    /// How packets that the kernel drops are followed.
    static func text(_ drops: DropReport) -> String {
        if let failure = drops.failure { return "not followed: \(failure)" }
        guard drops.missed > 0 else { return "of the kernel are followed" }
        let ports = (drops.missedByPort ?? [:]).sorted { $0.key < $1.key }.map { "\($0.value) of \($0.key)" }
        let places = ports.isEmpty ? "" : " (found no room: \(ports.joined(separator: ", ")))"
        return "of the kernel are followed; \(drops.missed) not seen\(places)"
    }

    private static func line(of rejection: VerdictReport.Rejection) -> String {
        var text = "\(rejection.count.packets) rejected by \(rejection.name)"
        let more = [rejection.reason, rejection.source].compactMap(\.self).filter { $0 != rejection.name }
        if !more.isEmpty { text += " (\(more.joined(separator: ", ")))" }
        return text
    }
}
