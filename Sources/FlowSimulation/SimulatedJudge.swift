// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import Synchronization

/// Judges no two windows alike, nor one window twice: each judgement has the next number, and gives it to its records as their rule.
///
/// So whatever is judged a second time has other verdicts than before, as where a policy was changed in between.
final class SimulatedJudge: VerdictJudge {
    private let judgements = Atomic<UInt64>(0)

    init() {}

    func judge(of window: Window) -> (any WindowJudge)? { Judgement(rule: RuleName("\(next())")) }

    func next() -> UInt64 { judgements.add(1, ordering: .relaxed).newValue }

    private struct Judgement: WindowJudge {
        let rule: RuleName

        func verdict(of record: borrowing FlowRecord) -> Verdict? {
            record.key.sourcePort % 3 == 0
                ? .reject(.ovsMegaflow, rule: rule) : .accept(.ovsMegaflow, rule: rule)
        }
    }
}
