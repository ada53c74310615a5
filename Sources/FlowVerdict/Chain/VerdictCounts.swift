// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What was let through and what was not, since the daemon started: of flow records, those that a filter kept out of
/// the log among them.
package struct VerdictCounts: Equatable, Sendable {
    package struct Count: Codable, Equatable, Sendable {
        package var records: UInt64 = 0
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0

        package init(records: UInt64 = 0, packets: UInt64 = 0, bytes: UInt64 = 0) {
            self.records = records
            self.packets = packets
            self.bytes = bytes
        }

        mutating func add(_ count: PacketCount) {
            records += 1
            packets += count.packets
            bytes += count.octets
        }

        static func += (left: inout Count, right: Count) {
            left.records += right.records
            left.packets += right.packets
            left.bytes += right.bytes
        }
    }

    /// What said no; nil where that is not known.
    package struct Cause: Hashable, Sendable {
        package var source: VerdictSource?
        package var rule: String?
        package var reason: String?

        package init(source: VerdictSource?, rule: String?, reason: String?) {
            self.source = source
            self.rule = rule
            self.reason = reason
        }
    }

    package private(set) var accepted = Count()
    package private(set) var mixed = Count()
    package private(set) var unknown = Count()
    package private(set) var rejected: [Cause: Count] = [:]

    /// Packets of a port.
    package struct Dropped: Equatable, Sendable {
        package var ingress: UInt64 = 0
        package var egress: UInt64 = 0

        package init() {}

        package static func + (left: Dropped, right: Dropped) -> Dropped {
            var sum = left
            sum.ingress += right.ingress
            sum.egress += right.egress
            return sum
        }
    }

    /// What an enforced policy has dropped, of packets that are in flow records.
    package fileprivate(set) var dropped: [PortNumber: Dropped] = [:]

    /// Causes that are told apart: rules come from files and switches, and a metric of each must not grow without end.
    static let mostCauses = 1000
    /// The rule of those that came when there were as many.
    package static let otherRules = "others"

    package init() {}

    package var rejectedInAll: Count { rejected.values.reduce(into: Count()) { $0 += $1 } }

    package mutating func add(_ other: VerdictCounts) {
        accepted += other.accepted
        mixed += other.mixed
        unknown += other.unknown
        for (cause, count) in other.rejected { add(count, rejectedFor: cause) }
        dropped.merge(other.dropped, uniquingKeysWith: +)
    }

    private mutating func add(_ count: Count, rejectedFor cause: Cause) {
        var cause = cause
        if rejected[cause] == nil, rejected.count >= Self.mostCauses { cause.rule = Self.otherRules }
        rejected[cause, default: Count()] += count
    }
}

/// The counts of one window while its records pass. Rejections of one cause have the same two objects, mostly: they are told
/// apart by these, and by their texts only at the end.
struct WindowVerdicts {
    private struct Objects: Hashable {
        let source: VerdictSource?
        let rule: ObjectIdentifier?
        let reason: ObjectIdentifier?
    }

    private var counts = [VerdictCounts.Count](repeating: VerdictCounts.Count(), count: Verdict.Action.allCases.count)
    private var rejected: [Objects: (verdict: Verdict, count: VerdictCounts.Count)] = [:]
    private var dropped: [PortNumber: VerdictCounts.Dropped] = [:]

    mutating func add(dropped record: borrowing FlowRecord) {
        switch record.key.direction {
        case .ingress: dropped[record.key.port, default: VerdictCounts.Dropped()].ingress += record.count.packets
        case .egress: dropped[record.key.port, default: VerdictCounts.Dropped()].egress += record.count.packets
        }
    }

    mutating func add(_ count: PacketCount, _ verdict: Verdict) {
        counts[Int(verdict.action.rawValue)].add(count)
        guard verdict.action == .reject else { return }
        let objects = Objects(
            source: verdict.source, rule: verdict.rule.map(ObjectIdentifier.init),
            reason: verdict.reason.map(ObjectIdentifier.init))
        // The verdict is kept, so that its objects stay what they are.
        rejected[objects, default: (verdict, VerdictCounts.Count())].count.add(count)
    }

    var total: VerdictCounts {
        var total = VerdictCounts(
            accepted: self[.accept], mixed: self[.mixed], unknown: self[.unknown], rejected: Array(rejected.values))
        total.dropped = dropped
        return total
    }

    private subscript(action: Verdict.Action) -> VerdictCounts.Count { counts[Int(action.rawValue)] }
}

extension VerdictCounts {
    fileprivate init(accepted: Count, mixed: Count, unknown: Count, rejected: [(verdict: Verdict, count: Count)]) {
        self.accepted = accepted
        self.mixed = mixed
        self.unknown = unknown
        for (verdict, count) in rejected {
            add(
                count,
                rejectedFor: Cause(
                    source: verdict.source, rule: verdict.rule?.text, reason: verdict.reason?.text))
        }
    }
}
