// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import Testing

/// Both clocks at a moment: seconds since boot, and the wall clock.
private func clocks(_ sinceBoot: Double, wall: Double) -> ClockAnchor {
    ClockAnchor(
        monotonic: MonotonicTime(nanoseconds: UInt64(sinceBoot * 1e9)),
        realtime: UnixTime(nanoseconds: Int64(wall * 1e9)))
}

private func seconds(_ value: Int64) -> UnixTime { UnixTime(seconds: value) }

@Suite struct WindowClockTests {
    /// A clock whose window 1 was opened at 100 s since boot and 1,000,017 s of wall clock.
    private static func clock(_ interval: Duration = .seconds(60)) -> WindowClock {
        let opened = clocks(100, wall: 1_000_017)
        return WindowClock(interval: interval, number: 1, opened: opened, now: opened)
    }

    @Test(
        arguments: [
            (1, 1_000_018), (2, 1_000_018), (7, 1_000_020), (60, 1_000_020), (300, 1_000_200), (3600, 1_000_800),
        ] as [(Int64, Int64)])
    func theFirstWindowEndsOnTheNextMultipleOfItsLength(length: Int64, edge: Int64) {
        #expect(Self.clock(.seconds(length)).open.end == seconds(edge))
        #expect(edge % length == 0)
    }

    @Test func nothingHappensBeforeTheEdge() {
        var clock = Self.clock()
        let due = MonotonicTime(nanoseconds: 103_000_000_000)
        #expect(clock.advance(to: clocks(102.999, wall: 1_000_019.999)) == .wait(until: due))
        #expect(clock.open.number == 1)
    }

    @Test func atTheEdgeTheWindowEndsThereAndTheNextBeginsThere() {
        var clock = Self.clock()
        // The meter wakes up 12 ms late: both windows still meet at the edge.
        let action = clock.advance(to: clocks(103.012, wall: 1_000_020.012))
        let next = OpenWindow(number: 2, anchor: clocks(103, wall: 1_000_020), end: seconds(1_000_080))
        let closing = Window(number: 1, start: seconds(1_000_017), end: seconds(1_000_020))
        #expect(action == .rotate(closing: closing, opening: next))
        #expect(clock.open == next)
    }

    @Test func windowsFollowOneAnotherWithoutGapOrOverlapForADay() {
        var clock = Self.clock()
        var end = seconds(1_000_017)
        var number: UInt32 = 1
        for second in stride(from: 0.25, to: 86_400, by: 0.75) {
            guard
                case .rotate(let closing, let opening) = clock.advance(
                    to: clocks(100 + second, wall: 1_000_017 + second))
            else { continue }
            #expect(closing.start == end && closing.number == number && closing.endReason == .activeTimeout)
            #expect(closing.end.seconds % 60 == 0 && opening.anchor.realtime == closing.end)
            end = closing.end
            number += 1
        }
        #expect(number == 1441)
    }

    @Test func aMeterThatWasHeldUpEndsTheWindowWhereItGotToAndTheNextAtItsEdge() {
        var clock = Self.clock()
        let action = clock.advance(to: clocks(300, wall: 1_000_217))
        let closing = Window(number: 1, start: seconds(1_000_017), end: seconds(1_000_217))
        let next = OpenWindow(number: 2, anchor: clocks(300, wall: 1_000_217), end: seconds(1_000_260))
        #expect(action == .rotate(closing: closing, opening: next))
    }

    @Test(arguments: [3600, -3600, 1, -1, 31_536_000] as [Double])
    func aSteppedWallClockEndsTheWindowByItsOwnTimesAndTheNextHasTheNewOnes(step: Double) throws {
        var clock = Self.clock(.seconds(300))
        #expect(clock.advance(to: clocks(110, wall: 1_000_027)) != .wait(until: clocks(110, wall: 0).monotonic))
        let wall = 1_000_028 + step
        guard case .rotate(let closing, let opening) = clock.advance(to: clocks(111, wall: wall)) else {
            Issue.record("the window goes on")
            return
        }
        #expect(closing.start == seconds(1_000_017) && closing.end == seconds(1_000_028))
        #expect(closing.endReason == .forcedEnd)
        #expect(opening.anchor == clocks(111, wall: wall))
        #expect(opening.end.seconds % 300 == 0 && opening.end > opening.anchor.realtime)
        #expect(opening.anchor.realtime.duration(to: opening.end) <= .seconds(300))
    }

    @Test(arguments: [0.4, -0.4] as [Double])
    func aSmallCorrectionOfTheWallClockEndsNothing(step: Double) {
        var clock = Self.clock(.seconds(300))
        for turn in 1...100 {
            let correction = step * Double(turn)
            let action = clock.advance(to: clocks(100 + Double(turn), wall: 1_000_017 + Double(turn) + correction))
            #expect(action == .wait(until: clock.open.due))
        }
    }

    @Test func aSmallStepBackAtTheEdgeMakesNoSecondWindowOfTheSameEdge() {
        var clock = Self.clock()
        _ = clock.advance(to: clocks(102.9, wall: 1_000_019.9))
        let action = clock.advance(to: clocks(103.01, wall: 1_000_019.61))
        let next = OpenWindow(number: 2, anchor: clocks(103.4, wall: 1_000_020), end: seconds(1_000_080))
        let closing = Window(number: 1, start: seconds(1_000_017), end: seconds(1_000_020))
        #expect(action == .rotate(closing: closing, opening: next))
    }

    @Test func aWindowThatIsCutShortEndsWhereItIsCut() {
        var clock = Self.clock()
        guard case .rotate(let closing, _) = clock.cutShort(at: clocks(101.5, wall: 1_000_018.5)) else { return }
        #expect(closing.end == UnixTime(nanoseconds: 1_000_018_500_000_000) && closing.endReason == .forcedEnd)
    }

    @Test func aWindowThatAnotherMeterOpenedKeepsItsBeginning() {
        let opened = clocks(100, wall: 1_000_017)
        var clock = WindowClock(
            interval: .seconds(60), number: 9, opened: opened, now: clocks(400, wall: 1_000_317))
        #expect(clock.open.number == 9 && clock.open.anchor == opened)
        guard case .rotate(let closing, _) = clock.advance(to: clocks(404, wall: 1_000_321)) else {
            Issue.record("the window goes on")
            return
        }
        #expect(closing.start == seconds(1_000_017) && closing.end == seconds(1_000_320))
        #expect(clock.open.anchor == clocks(403, wall: 1_000_320))
    }

    @Test func theNumberWraps() {
        let opened = clocks(100, wall: 1_000_017)
        var clock = WindowClock(interval: .seconds(1), number: .max, opened: opened, now: opened)
        _ = clock.advance(to: clocks(101, wall: 1_000_018))
        #expect(clock.open.number == 2)
    }

    @Test func aSplitKeepsTheWindowsTimesAndTakesTheNextNumber() {
        var clock = Self.clock()
        let whole = clock.open
        let opening = OpenWindow(number: 2, anchor: whole.anchor, end: whole.end, firstNumber: 1)
        let part = Window(number: 1, start: seconds(1_000_017), end: seconds(1_000_018), endReason: nil)
        #expect(clock.split(at: clocks(101, wall: 1_000_018)) == .split(closing: part, opening: opening))
        #expect(clock.open == opening)
        let next = OpenWindow(number: 3, anchor: clocks(103, wall: 1_000_020), end: seconds(1_000_080))
        let closing = Window(number: 2, start: seconds(1_000_017), end: seconds(1_000_020))
        #expect(clock.advance(to: clocks(103, wall: 1_000_020)) == .rotate(closing: closing, opening: next))
    }

    @Test func aWindowThatWasOpenAtAStartSaysSoAndTheNextDoesNot() {
        let open = OpenWindow(
            number: 7, anchor: clocks(100, wall: 1_000_017), end: seconds(1_000_020), firstNumber: 5,
            spansRestart: true)
        var clock = WindowClock(interval: .seconds(60), takingOver: open, clocks(102, wall: 1_000_019))
        let closing = Window(number: 7, start: seconds(1_000_017), end: seconds(1_000_020), spansRestart: true)
        let next = OpenWindow(number: 8, anchor: clocks(103, wall: 1_000_020), end: seconds(1_000_080))
        #expect(clock.advance(to: clocks(103, wall: 1_000_020)) == .rotate(closing: closing, opening: next))
    }

    @Test func nothingIsSplitAtTheEdge() {
        var clock = Self.clock()
        let open = clock.open
        #expect(clock.split(at: clocks(103, wall: 1_000_020)) == .wait(until: open.due))
        #expect(clock.open == open)
    }

    @Test func aStepThatASplitMeetsEndsTheWindowAfterIt() {
        var clock = Self.clock(.seconds(300))
        _ = clock.split(at: clocks(110, wall: 2_000_000))
        let closing = Window(
            number: 2, start: seconds(1_000_017), end: seconds(1_000_028), endReason: .forcedEnd)
        let next = OpenWindow(number: 3, anchor: clocks(111, wall: 2_000_001), end: seconds(2_000_100))
        #expect(clock.advance(to: clocks(111, wall: 2_000_001)) == .rotate(closing: closing, opening: next))
    }
}
