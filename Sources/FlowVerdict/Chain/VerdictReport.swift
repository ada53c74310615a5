// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// What became of packets, as `weir status` and the metrics have it. Counts are of published records since the daemon started.
package struct VerdictReport: Codable, Equatable, Sendable {
    package typealias Count = VerdictCounts.Count

    package struct Rejection: Codable, Equatable, Sendable {
        package var source: String?
        package var reason: String?
        package var rule: String?
        package var count: Count
    }

    package var accepted: Count
    package var rejected: Count
    package var mixed: Count
    package var unknown: Count
    /// By what has said no, the most packets first.
    package var rejections: [Rejection]

    package init(_ counts: VerdictCounts) {
        accepted = counts.accepted
        rejected = counts.rejectedInAll
        mixed = counts.mixed
        unknown = counts.unknown
        rejections = counts.rejected.map { cause, count in
            Rejection(
                source: cause.source.map { "\($0.name)" }, reason: cause.reason, rule: cause.rule, count: count)
        }
        .sorted { ($1.count.packets, $0.name) < ($0.count.packets, $1.name) }
    }
}

extension VerdictReport.Rejection {
    /// For people: the rule, or what else is known of it.
    package var name: String { rule ?? reason ?? source ?? "not known" }
}
