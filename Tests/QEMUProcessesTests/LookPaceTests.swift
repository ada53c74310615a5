// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import QEMUProcesses

@Suite struct LookPaceTests {
    /// Looks whenever one is due; when each was, in milliseconds, and which.
    private static func looks(
        until end: Int, news: Set<Int>, hasTaps: Bool, hasMachines: Bool
    ) -> [(Int, LookPace.Look)] {
        let begin = ContinuousClock.now
        var pace = LookPace()
        var looks: [(Int, LookPace.Look)] = []
        for time in stride(from: 0, to: end, by: 50) {
            let now = begin + .milliseconds(time)
            if news.contains(time) { pace.noteNews(now) }
            guard let look = pace.due(now, hasTaps: hasTaps, hasMachines: hasMachines) else { continue }
            looks.append((time, look))
            pace.noteLook(look, now)
        }
        return looks
    }

    @Test func `without a tap nothing is looked at`() {
        #expect(Self.looks(until: 300_000, news: [], hasTaps: false, hasMachines: false).isEmpty)
        // When the last one has gone, once.
        #expect(Self.looks(until: 300_000, news: [0], hasTaps: false, hasMachines: false).map(\.0) == [0])
    }

    @Test func `news are looked at at once, every second for a while, and then every five seconds`() {
        let looks = Self.looks(until: 60_000, news: [0], hasTaps: true, hasMachines: true)
        #expect(looks.map(\.0) == (0...10).map { $0 * 1000 } + stride(from: 15_000, to: 60_000, by: 5000))
        #expect(looks.allSatisfy { ($0.1 == .thorough) == ($0.0 <= 10_000) })
    }

    @Test func `without a machine it is once a minute, and then thorough`() {
        let looks = Self.looks(until: 200_000, news: [0], hasTaps: true, hasMachines: false)
        #expect(looks.map(\.0).suffix(3) == [70_000, 130_000, 190_000])
        #expect(looks.suffix(3).allSatisfy { $0.1 == .thorough })
    }

    @Test func `a machine is looked at thoroughly once a minute`() {
        let looks = Self.looks(until: 200_000, news: [0], hasTaps: true, hasMachines: true)
        #expect(looks.filter { $0.1 == .thorough && $0.0 > 10_000 }.map(\.0) == [70_000, 130_000, 190_000])
    }

    @Test func `a flood of news is looked at four times a second`() {
        let looks = Self.looks(
            until: 1000, news: Set(stride(from: 0, to: 1000, by: 50)), hasTaps: true, hasMachines: true)
        #expect(looks.map(\.0) == [0, 250, 500, 750])
    }
}
