// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Somebody who can say what became of packets.
package protocol VerdictJudge: Sendable {
    /// What is known of a window that is over. May wait some seconds until more is; nil where nothing is.
    func judge(of window: Window) -> (any WindowJudge)?
}

/// What one judge knows of one window's packets. Used from one thread.
package protocol WindowJudge {
    /// What became of the packets of the record; nil where that is not known here.
    mutating func verdict(of record: borrowing FlowRecord) -> Verdict?
}
