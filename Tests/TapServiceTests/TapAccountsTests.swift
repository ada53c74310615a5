// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import TapService
import Testing

@Suite struct TapAccountsTests {
    private static func unsent(_ destination: UInt64, tooBig: UInt64 = 0, cut: UInt64 = 0) -> TapCounts {
        var counts = TapCounts()
        counts.failed.destination = PacketCount(packets: destination, octets: destination * 100)
        counts.failed.tooBig = PacketCount(packets: tooBig, octets: tooBig * 100)
        counts.truncated = PacketCount(packets: cut, octets: cut * 100)
        return counts
    }

    private static func mirrored(_ packets: UInt64, cut: UInt64 = 0) -> TapCounts {
        var counts = TapCounts()
        counts.matched = PacketCount(packets: packets, octets: packets * 100)
        counts.mirrored = counts.matched
        counts.truncated = PacketCount(packets: cut, octets: cut * 100)
        return counts
    }

    @Test func `what could not be sent was not mirrored, by cause, and the account obeys its law`() {
        let counts = Self.mirrored(10, cut: 4).moving(Self.unsent(3, tooBig: 1, cut: 2))
        #expect(counts.mirrored == PacketCount(packets: 6, octets: 600) && counts.failed.sum.packets == 4)
        #expect(counts.failed.tooBig.packets == 1 && counts.truncated.packets == 2 && counts.obeysLaw)
    }

    @Test func `no more is moved than was mirrored`() {
        let counts = Self.mirrored(2).moving(Self.unsent(3, tooBig: 1, cut: 1))
        #expect(counts.mirrored.isZero && counts.failed.destination.packets == 2 && counts.obeysLaw)
        #expect(counts.failed.tooBig.isZero && counts.truncated.isZero)
    }

    @Test func `it stays with the account, over a restart, and with the session when the port is gone`() throws {
        let port = TapPort.named("tap7", 7)
        var (accounts, used) = (TapAccounts(), Set<Int>())
        let number = try #require(accounts.number(of: "f", at: port, used: &used))
        accounts.add(unsent: TapFigures(egress: Self.unsent(3)), of: "f", at: port.number)
        accounts = try JSONDecoder().decode(TapAccounts.self, from: try JSONEncoder().encode(accounts))
        let kernel = [number: TapFigures(egress: Self.mirrored(10))]
        let complete = accounts.complete(kernel)
        #expect(complete[number]?.egress.failed.destination.packets == 3)
        #expect(accounts.complete([number + 1: TapFigures()]) == [number + 1: TapFigures()])

        accounts.keep([], sessions: ["f"], counts: complete)
        #expect(accounts.past(of: "f") == complete[number])
        accounts.add(unsent: TapFigures(egress: Self.unsent(1)), of: "f", at: port.number)
        #expect(accounts.past(of: "f").egress.mirrored.packets == 6 && accounts.past(of: "f").egress.obeysLaw)
        // A session that is no more has no account.
        accounts.add(unsent: TapFigures(egress: Self.unsent(1)), of: "g", at: port.number)
        #expect(accounts.past(of: "g") == TapFigures())
    }

    @Test func `a file of a version without labels is read`() throws {
        let old = #"{"entries":[],"past":{},"next":3}"#
        #expect(try JSONDecoder().decode(TapAccounts.self, from: Data(old.utf8)).numbers.isEmpty)
    }

    @Test func `labels come round, those in use left out, and the newest that are free are known`() throws {
        let late = #"{"entries":[{"label":3,"session":"f","destination":"here"}],"last":65000}"#
        var labels = try JSONDecoder().decode(TapLabels.self, from: Data(late.utf8))
        #expect(labels.label(of: "f", to: "here") == 3)
        var given: [UInt16] = []
        for round in 0..<2000 {
            given.append(labels.label(of: "g", to: "\(round)"))
            labels.keep([3, given[round]])
        }
        let expected = (1...2000).map { 65_000 + $0 }.map { $0 <= 65_535 ? $0 : $0 - 65_535 }
        // From 3 on each is one more.
        #expect(given.map(Int.init) == expected.map { $0 < 3 || $0 > 65_000 ? $0 : $0 + 1 })
        #expect(labels.session(of: 3) == "f" && labels.session(of: given[975]) == "g")
        #expect(labels.session(of: given[974]) == nil && labels.session(of: 65_001) == nil)
    }
}
