// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Lets so many threads at a time do something, in the order in which it was asked for.
package final class OrderedTurns: Sendable {
    /// The right to begin, once it has come.
    package struct Turn: Sendable {
        fileprivate let hasCome = DispatchSemaphore(value: 0)

        /// Blocks until it is there.
        package func wait() { hasCome.wait() }
    }

    private struct State {
        var free: Int
        var waiting: [Turn] = []

        mutating func admit() {
            while free > 0, !waiting.isEmpty {
                free -= 1
                waiting.removeFirst().hasCome.signal()
            }
        }
    }

    private let state: Mutex<State>

    /// - Parameter width: how many at a time.
    package init(width: Int) { state = Mutex(State(free: width)) }

    /// Asks for a turn, which comes when all that were asked for before have come. Whoever asks must end it.
    package func ask() -> Turn {
        let turn = Turn()
        state.withLock { state in
            state.waiting.append(turn)
            state.admit()
        }
        return turn
    }

    /// Ends a turn that has come: the next one's comes.
    package func end() {
        state.withLock { state in
            state.free += 1
            state.admit()
        }
    }
}
