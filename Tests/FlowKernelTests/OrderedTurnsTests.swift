// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowTestKit
import Foundation
import Synchronization
import Testing

@Suite struct OrderedTurnsTests {
    /// A turn that came too early would be among those that have begun when the next one is ended.
    @Test(arguments: [1, 2, 5])
    func `turns come in the order in which they were asked for, so many at a time`(width: Int) throws {
        let turns = OrderedTurns(width: width)
        let begun = Begun()
        for (number, turn) in (0..<20).map({ ($0, turns.ask()) }).reversed() {
            Thread {
                turn.wait()
                begun.add(number)
            }.start()
        }
        try waitUntil("the first turns have come") { begun.numbers.count >= width }
        #expect(begun.numbers.sorted() == Array(0..<width))
        for next in width..<20 {
            turns.end()
            try waitUntil("the next turn has come") { begun.numbers.count > next }
            #expect(begun.numbers[next...] == [next])
        }
    }

    /// The numbers of the turns that have come, in their order.
    private final class Begun: Sendable {
        private let state = Mutex<[Int]>([])

        var numbers: [Int] { state.withLock(\.self) }

        func add(_ number: Int) { state.withLock { $0.append(number) } }
    }
}
