// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// All judges of a host, in the order of a packet's way: the policy at its port, then the switch, then the host's own stack.
///
/// A judge that let a packet through does not know what became of it further on; a judge that stopped it does. So the first
/// that says no decides, and where none does, the last that says yes.
package struct JudgeChain: Sendable {
    private let policy: any VerdictJudge
    private let others: [any VerdictJudge]

    /// - Parameters:
    ///   - policy: names the rules by which the kernel has judged already.
    ///   - others: in the order of a packet's way.
    package init(policy: any VerdictJudge, then others: [any VerdictJudge] = []) {
        self.policy = policy
        self.others = others
    }

    /// What the judges know of a window that is over. May wait some seconds until they know more.
    package func judgement(of window: Window) -> WindowJudgement {
        let policy = policy.judge(of: window)
        return WindowJudgement(policy: policy, others: others.compactMap { $0.judge(of: window) })
    }
}

/// Gives the lines of one window their verdicts, and counts them. Used from one thread.
package struct WindowJudgement {
    private var policy: (any WindowJudge)?
    private var others: [any WindowJudge]
    private var verdicts = WindowVerdicts()

    fileprivate init(policy: (any WindowJudge)?, others: [any WindowJudge]) {
        self.policy = policy
        self.others = others
    }

    /// What has been judged so far.
    package var counts: VerdictCounts { verdicts.total }

    /// Gives the record its verdict: the chain's, or what its counting alone tells.
    package mutating func judge(_ record: inout FlowRecord) {
        decide(&record)
        verdicts.add(record.count, record.verdict)
        if record.key.ruling == .drop { verdicts.add(dropped: record) }
    }

    /// Counts frames that are in no flow: the kernel has judged them.
    package mutating func count(_ frames: UnparsedFrames) { verdicts.add(frames.count, frames.verdict) }

    private mutating func decide(_ record: inout FlowRecord) {
        // Also of what was seen leaving: an audited policy would have refused it.
        if record.key.ruling != .none, let verdict = policy?.verdict(of: record) { record.verdict = verdict }
        // What stands in for records of another port was judged there.
        guard !others.isEmpty, record.observedAt == nil, record.verdict.isOpen else { return }
        for index in others.indices {
            guard let verdict = others[index].verdict(of: record) else { continue }
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
