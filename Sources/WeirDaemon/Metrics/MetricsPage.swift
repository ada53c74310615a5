// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What is answered to Prometheus: made at most once a second, and shared by all who ask meanwhile, so that neither
/// time nor memory depends on how many ask.
final class MetricsPage: Sendable {
    private let board: DaemonBoard
    private let last = Mutex<(answer: HTTPAnswer, made: ContinuousClock.Instant)?>(nil)

    private static let lifetime = Duration.seconds(1)

    init(_ board: DaemonBoard) { self.board = board }

    var answer: HTTPAnswer {
        last.withLock { last in
            let now = ContinuousClock.now
            if let last, last.made.duration(to: now) < Self.lifetime { return last.answer }
            let text = MetricsText(board.current, ports: board.ports)
            let answer = HTTPAnswer(contentType: MetricsText.contentType, body: text.bytes)
            last = (answer, now)
            return answer
        }
    }
}
