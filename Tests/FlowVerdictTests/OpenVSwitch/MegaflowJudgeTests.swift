// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import FlowVerdict
import Testing

@Suite struct MegaflowJudgeTests {
    private static let base = "recirc_id(0),in_port(tap0),packet_type(ns=0,id=0),eth_type(0x0800),ipv4(proto=6,frag=no)"
    private static let web = base + ",tcp(dst=80)"

    @Test func `one look at a megaflow tells of all packets like its own, as long as nothing changes`() {
        var timeline = SwitchTimeline(knownSince: -5)
        timeline.look(at: 30, [(Self.web, "tap1"), (Self.base + ",tcp(dst=23)", "drop")])
        timeline.look(at: 61, [])
        for second in [0, 29, 31, 59.9] {
            #expect(timeline.verdict(from: second) == .accept(.ovsMegaflow))
            #expect(timeline.verdict(SwitchTimeline.key(to: 23), from: second) == .reject(.ovsMegaflow))
            #expect(timeline.verdict(SwitchTimeline.key(to: 24), from: second) == nil)
        }
        #expect(timeline.verdict(from: 0, to: 59.9) == .accept(.ovsMegaflow))
        #expect(timeline.verdict(SwitchTimeline.key(to: 80, vlan: 5), from: 1) == nil, "tagged")
        #expect(timeline.verdict(SwitchTimeline.key(to: 80, transport: 17), from: 1) == nil)
        #expect(timeline.verdict(SwitchTimeline.key(to: 80, direction: .ingress), from: 1) == nil, "delivered there")
    }

    @Test func `a rule that changes splits the time, and what may have met both is mixed`() {
        var timeline = SwitchTimeline()
        timeline.look(at: 5, [(Self.web, "drop")])
        timeline.change(until: 22)
        timeline.look(at: 25, [(Self.web, "tap1")])
        timeline.look(at: 61, [])
        #expect(timeline.verdict(from: 1) == .reject(.ovsMegaflow))
        #expect(timeline.verdict(from: 4.9) == .reject(.ovsMegaflow))
        #expect(timeline.verdict(from: 23, to: 50) == .accept(.ovsMegaflow))
        #expect(timeline.verdict(from: 2, to: 30) == .mixed(.ovsMegaflow))
        #expect(timeline.verdict(from: 10) == nil, "when it changed is not known, nor by what it was replaced")
    }

    @Test func `a megaflow that stays as it is over changes of others tells of all the time between`() {
        var timeline = SwitchTimeline()
        timeline.look(at: 5, [(Self.web, "tap1")])
        timeline.change(until: 22)
        timeline.look(at: 25, [(Self.web, "tap1")])
        timeline.look(at: 61, [])
        #expect(timeline.verdict(from: 10) == .accept(.ovsMegaflow))
        #expect(timeline.verdict(from: 0, to: 59) == .accept(.ovsMegaflow))
    }

    @Test func `one that was made after a change says nothing of what was before`() {
        var timeline = SwitchTimeline()
        timeline.look(at: 5, [])
        timeline.change(until: 22)
        timeline.look(at: 25, [(Self.web, "tap1")])
        timeline.look(at: 61, [])
        #expect(timeline.verdict(from: 10) == nil && timeline.verdict(from: 2) == nil)
        #expect(timeline.verdict(from: 10, to: 30) == nil)
        #expect(timeline.verdict(from: 23) == .accept(.ovsMegaflow))
    }

    @Test func `what was before anybody looked is not known`() {
        var timeline = SwitchTimeline(knownSince: 20)
        timeline.look(at: 25, [(Self.web, "tap1")])
        timeline.look(at: 61, [])
        #expect(timeline.verdict(from: 10) == nil && timeline.verdict(from: 21) == .accept(.ovsMegaflow))
    }

    // MARK: Conntrack

    private static let asked = (match: base + ",tcp(dst=0/0)", actions: "ct(zone=5),recirc(0x2)")
    private static func tracked(_ states: String, _ more: String, _ actions: String) -> (match: String, actions: String)
    {
        ("ct_state(\(states)),recirc_id(0x2),in_port(tap0),eth_type(0x0800),ipv4(proto=6,frag=no)\(more)", actions)
    }
    private static let synOnly: (bits: UInt16, aws: UInt8) = (2, 2)
    private static let opener: (bits: UInt16, aws: UInt8) = (0x1B, 0x0B)
    private static let answerer: (bits: UInt16, aws: UInt8) = (0x1B, 0x13)
    private static let midway: (bits: UInt16, aws: UInt8) = (0x18, 0x08)

    @Test func `the verdict of conntrack is that of the look after it, by what a record's packets can be to it`() {
        var timeline = SwitchTimeline()
        timeline.look(
            at: 5,
            [
                Self.asked, Self.tracked("-new+est+trk", "", "tap1"),
                Self.tracked("+new-est+trk", ",tcp(dst=23)", "drop"),
                Self.tracked("+new-est+trk", ",tcp(dst=80)", "ct(commit,zone=5),tap1"),
            ])
        timeline.look(at: 61, [])
        let telnet = SwitchTimeline.key(to: 23)
        #expect(timeline.verdict(telnet, from: 3, tcpFlags: Self.synOnly) == .reject(.ovsMegaflow))
        #expect(timeline.verdict(from: 3, tcpFlags: Self.synOnly) == .accept(.ovsMegaflow))
        #expect(timeline.verdict(from: 3, to: 9, tcpFlags: Self.opener) == .accept(.ovsMegaflow))
        #expect(timeline.verdict(from: 3, to: 9, tcpFlags: Self.midway) == .accept(.ovsMegaflow))
        // Established or not: nothing in the record says so.
        #expect(timeline.verdict(telnet, from: 3, tcpFlags: Self.midway) == nil)
        #expect(timeline.verdict(telnet, from: 3, tcpFlags: Self.answerer) == nil)
        // Of a port of which no new connection was seen: only what is established can have been let through.
        #expect(timeline.verdict(SwitchTimeline.key(to: 99), from: 3, tcpFlags: Self.midway) == .accept(.ovsMegaflow))
    }

    @Test func `it is followed through several looks, and through translated addresses`() {
        var timeline = SwitchTimeline()
        func deep(_ id: Int, _ more: String, _ actions: String) -> (match: String, actions: String) {
            ("recirc_id(\(id)),in_port(tap0),eth_type(0x0800),ipv4(\(more)frag=no)", actions)
        }
        timeline.look(
            at: 5,
            [
                (Self.web, "ct(zone=1,nat),recirc(0x10)"), deep(16, "", "hash(l4(0)),recirc(0x11)"),
                // Of addresses that the record does not have: they may be those that the packet has by now.
                deep(17, "dst=192.168.0.7,", "set(eth(dst=02:00:00:00:00:09)),ct,recirc(0x12)"),
                ("recirc_id(0x12),in_port(tap0),eth(dst=02:00:00:00:00:09),eth_type(0x0800),ipv4(frag=no)", "drop"),
                ("recirc_id(0x12),in_port(tap0),eth(dst=02:00:00:00:00:02),eth_type(0x0800),ipv4(frag=no)", "tap1"),
            ])
        timeline.look(at: 61, [])
        #expect(timeline.verdict(from: 3) == .reject(.ovsMegaflow))
        timeline.look(at: 62, [deep(17, "dst=192.168.0.8,", "tap1")])
        timeline.look(at: 63, [])
        #expect(timeline.verdict(from: 3) == nil, "either may have been its address")
    }

    @Test func `a way that comes back to where it was ends`() {
        var timeline = SwitchTimeline()
        let loop = "recirc_id(0x2),in_port(tap0),eth_type(0x0800),ipv4(frag=no)"
        timeline.look(at: 5, [(Self.web, "recirc(0x2)"), (loop, "recirc(0x2),recirc(0x2),recirc(0x2),recirc(0x2)")])
        timeline.look(at: 61, [])
        #expect(timeline.verdict(from: 3) == nil)
    }

    // MARK: What is not certain

    @Test(arguments: ["userspace(pid=0,slow_path(action))", "sample(sample=5.0%,actions(tap1))", "teleport(3)", "tap0"])
    func `what is decided elsewhere is not known`(actions: String) {
        var timeline = SwitchTimeline()
        timeline.look(at: 5, [(Self.web, actions)])
        timeline.look(at: 61, [])
        #expect(timeline.verdict(from: 3) == nil)
    }

    @Test func `a match that is not understood neither decides nor lets others decide`() {
        var timeline = SwitchTimeline()
        let odd = Self.web + ",wormhole(7)"
        timeline.look(at: 5, [(odd, "drop")])
        timeline.look(at: 61, [])
        #expect(timeline.verdict(from: 3) == nil)
        timeline.look(at: 62, [(odd, "drop"), (Self.web, "tap1")])
        timeline.look(at: 63, [])
        #expect(timeline.verdict(from: 3) == nil)
        #expect(timeline.verdict(SwitchTimeline.key(to: 81), from: 3) == nil)
    }

    @Test func `more megaflows than are kept are given up, and said to be`() {
        var timeline = SwitchTimeline(capacity: 10)
        timeline.look(at: 5, (0..<25).map { (Self.base + ",tcp(dst=\(100 + $0))", "tap1") })
        #expect(timeline.history.isCut && timeline.history.count == 10)
        for second in 6..<60 { timeline.look(at: Double(second), [(Self.base + ",tcp(dst=\(200 + second))", "drop")]) }
        timeline.look(at: 61, [])
        #expect(!timeline.history.isCut)
        #expect(timeline.verdict(SwitchTimeline.key(to: 259), from: 3) == .reject(.ovsMegaflow))
        #expect(timeline.verdict(SwitchTimeline.key(to: 100), from: 3) == nil, "forgotten")
    }

    @Test func `a port with many megaflows costs one with few nothing`() {
        var timeline = SwitchTimeline(capacity: 10)
        let others = (0..<40).map { ("in_port(tap9),eth_type(0x0800),ipv4(frag=no),tcp(dst=\($0))", "tap1") }
        timeline.look(at: 5, others + [(Self.web, "tap1")])
        #expect(timeline.history.isCut, "of the other port")
        // What is gone is not forgotten for another port's sake.
        for second in 6..<60 {
            timeline.look(
                at: Double(second), [("in_port(tap9),eth_type(0x0800),ipv4(frag=no),udp(dst=\(second))", "drop")])
        }
        timeline.look(at: 61, [])
        #expect(timeline.verdict(from: 3) == .accept(.ovsMegaflow))
    }

    @Test func `rules are asked for of each port in turn`() {
        var timeline = SwitchTimeline()
        let others = (0..<40).map { ("in_port(tap9),eth_type(0x0800),ipv4(frag=no),tcp(dst=\($0))", "drop") }
        timeline.look(at: 5, others + [(Self.web, "tap1")])
        let questions = timeline.history.takeQuestions(3) { _ in true }
        #expect(questions.map(\.port) == ["tap9", "tap0", "tap9"])
        let rest = timeline.history.takeQuestions(100) { $0 != "tap9" }
        let all = timeline.history.takeQuestions(100) { _ in true }
        #expect(rest.isEmpty && all.count == 38)
    }

    @Test func `a look that breaks off counts for nothing`() {
        var timeline = SwitchTimeline()
        timeline.look(at: 5, [(Self.web, "tap1")])
        var look = timeline.history.look(at: SwitchTimeline.moment(10))
        timeline.history.take(SwitchTimeline.line((Self.base + ",tcp(dst=23)", "drop")), in: &look)
        timeline.history.take(SwitchTimeline.line((Self.web, "tap1")), in: &look)
        timeline.history.abandon(look)
        timeline.look(at: 61, [])
        #expect(timeline.verdict(SwitchTimeline.key(to: 23), from: 8) == nil)
        #expect(timeline.verdict(from: 8) == .accept(.ovsMegaflow))
    }

    @Test func `what earlier windows needed is forgotten, what this one needs is not`() {
        var timeline = SwitchTimeline(knownSince: -1000)
        timeline.look(at: -500, [(Self.base + ",tcp(dst=23)", "drop")])
        timeline.look(at: -400, [])
        timeline.look(at: -2, [(Self.web, "tap1")])
        timeline.look(at: 61, [])
        timeline.history.forget(before: SwitchTimeline.window.start)
        #expect(timeline.verdict(from: 8) == .accept(.ovsMegaflow))
        #expect(timeline.verdict(SwitchTimeline.key(to: 23), from: 8) == nil)
    }
}
