// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Testing

@Suite struct WindowTests {
    @Test(arguments: [(60_000_000_000, 60), (60_000_000_001, 61), (60_700_000_000, 61), (60_999_999_999, 61)])
    func `a window is over at its end second, and not before its last packet`(end: Int64, second: Int64) {
        let window = Window(number: 1, start: UnixTime(seconds: 50), end: UnixTime(nanoseconds: end))
        #expect(window.endSecond == second)
    }
}
