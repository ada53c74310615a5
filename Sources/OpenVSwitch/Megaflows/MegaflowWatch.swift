// SPDX-License-Identifier: Apache-2.0

package import FlowVerdict
package import Logging

/// Follows what the switch does with packets, on a thread of its own without privilege, and judges records by it; ends with its owner.
package final class MegaflowWatch: Sendable {
    package let board: MegaflowBoard
    private let poller: MegaflowPoller
    private let tracer: SwitchTracer

    /// nil where records are not to be judged by the switch.
    ///
    /// - Parameter switchBoard: which switch, and which of its ports are of interest.
    package init?(_ switchBoard: SwitchBoard, logger: Logger) {
        let choice = switchBoard.choice
        guard choice.judges else { return nil }
        board = MegaflowBoard(
            interval: MegaflowPoller.interval, traceRate: choice.traceRate, capacity: MegaflowPoller.capacity)
        tracer = SwitchTracer(board: board)
        poller = MegaflowPoller(choice, board: board, switchBoard: switchBoard, tracer: tracer, logger: logger)
        poller.start()
    }

    deinit { poller.end() }

    /// The daemon ends: what is waited for is looked at now, and not when its turn comes.
    package func hurry() { poller.hurry() }

    package var judge: any VerdictJudge { SwitchJudge(board: board, tracer: tracer) }
}
