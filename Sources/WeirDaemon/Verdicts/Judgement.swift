// SPDX-License-Identifier: Apache-2.0

package import FlowModel
package import FlowVerdict

/// Gives the records of one window their verdicts, by asking in turn all who may know, in the order of a packet's way.
///
/// Whoever let a packet through does not know what became of it further on; whoever stopped it does. So the first no is the
/// verdict, and else the last yes.
package struct Judgement {
    private var judges: [any WindowJudge]
    private let policy: PolicyVerdicts

    /// May wait some seconds, until the judges know what they can know.
    ///
    /// - Parameter policy: what the rules are called that the kernel names.
    package init(of window: Window, by judges: [any VerdictJudge], policy: PolicyVerdicts = PolicyVerdicts()) {
        self.policy = policy
        self.judges = judges.compactMap { $0.judge(of: window) }
    }

    package mutating func judge(_ record: inout FlowRecord) {
        policy.judge(&record)
        // What stands in for records of another port was judged there.
        guard !judges.isEmpty, record.observedAt == nil, record.verdict.isOpen else { return }
        for index in judges.indices {
            guard let verdict = judges[index].verdict(of: record) else { continue }
            record.verdict = verdict
            guard verdict.isOpen else { return }
        }
    }
}

extension Verdict {
    /// Whether what happens further on can change it: packets that have left through their port are through.
    fileprivate var isOpen: Bool {
        switch action {
        case .unknown: true
        case .accept: source != .observed
        case .reject, .mixed: false
        }
    }
}
