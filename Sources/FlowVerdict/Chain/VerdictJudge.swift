// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A source of verdicts: the policy, the switch, the host's own stack.
package protocol VerdictJudge: Sendable {
    /// What the source knows of a window that is over; nil where it knows nothing. May wait some seconds until it knows more.
    func judge(of window: Window) -> (any WindowJudge)?
}

/// What one source knows of one window's packets. Used from one thread.
package protocol WindowJudge {
    /// What became of the packets of the record; nil where the source does not know.
    mutating func verdict(of record: borrowing FlowRecord) -> Verdict?
}
