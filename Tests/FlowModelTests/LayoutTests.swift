// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Testing

/// A window holds a million keys and counters: their sizes are part of what the records cost.
@Suite struct LayoutTests {
    @Test func aFlowKeyHasNoGapsInside() {
        #expect(MemoryLayout<FlowKey>.size == 51 && MemoryLayout<FlowKey>.stride == 56)
    }

    @Test func countersFillTheirWords() {
        #expect(MemoryLayout<FlowCounters>.size == 54 && MemoryLayout<FlowCounters>.stride == 56)
    }
}

@Suite struct WindowNumberTests {
    @Test(arguments: [(1, 2), (2, 3), (.max - 1, .max), (.max, 2)] as [(UInt32, UInt32)])
    func numbersAlternateBetweenEvenAndOddAndAreNeverZero(number: UInt32, next: UInt32) {
        #expect(Window.number(after: number) == next)
        #expect(number % 2 != next % 2)
        if number != .max { #expect(Window.number(before: next) == number) }
    }

    @Test func nothingCameBeforeTheFirst() {
        #expect(Window.number(before: Window.firstNumber) == nil)
        #expect(Window.number(before: 0) == nil)
    }
}
