// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Foundation
import Synchronization
import Testing

@Suite struct OrderedTurnsTests {
    /// Threads are started in the reverse of the order in which their turns were asked for.
    @Test(arguments: [1, 2, 5])
    func `turns come in the order in which they were asked for, so many at a time`(width: Int) {
        let turns = OrderedTurns(width: width)
        let asked = (0..<20).map { ($0, turns.ask()) }
        let state = Mutex((begun: [Int](), running: 0, most: 0))
        let ended = DispatchSemaphore(value: 0)
        for (number, turn) in asked.reversed() {
            Thread {
                turn.wait()
                state.withLock { state in
                    state.begun.append(number)
                    state.running += 1
                    state.most = max(state.most, state.running)
                }
                Thread.sleep(forTimeInterval: 0.002)
                state.withLock { $0.running -= 1 }
                turns.end()
                ended.signal()
            }.start()
        }
        for _ in asked { ended.wait() }
        state.withLock { state in
            #expect(state.most <= width)
            // Those whose turns come together begin in any order.
            for (place, number) in state.begun.enumerated() { #expect(abs(place - number) < max(width, 1) * 2) }
            if width == 1 { #expect(state.begun == Array(0..<20)) }
        }
    }
}
