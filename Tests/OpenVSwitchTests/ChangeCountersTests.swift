// SPDX-License-Identifier: Apache-2.0

import FlowVerdict
import OpenVSwitch
import Testing

@Suite struct ChangeCountersTests {
    /// As `ovs-appctl coverage/show` of Open vSwitch 3.1 prints it.
    private func counters(_ changed: [String: Int] = [:]) -> ChangeCounters {
        let totals = ["rev_reconfigure": 10, "rev_flow_table": 2, "rev_mac_learning": 1, "ofproto_recv_openflow": 18]
        var counters = ChangeCounters()
        counters.take("Event coverage, avg rate over last: 5 seconds, last minute, last hour,  hash=b0b9dcd1:")
        for (name, total) in totals.merging(changed, uniquingKeysWith: { $1 }) {
            let padding = String(repeating: " ", count: 27 - name.count)
            counters.take("\(name)\(padding)0.0/sec     0.000/sec        0.0050/sec   total: \(total)")
        }
        counters.take("poll_create_node           9.9/sec     9.000/sec        0.0050/sec   total: \(changed.count)")
        counters.take("112 events never hit")
        return counters
    }

    @Test func `flow tables, ports and settings count, what the switch learns does not`() {
        #expect(!counters().mayHaveChanged(since: counters()))
        #expect(counters(["rev_flow_table": 3]).mayHaveChanged(since: counters()))
        #expect(counters(["rev_reconfigure": 11]).mayHaveChanged(since: counters()))
        #expect(counters(["rev_port_toggled": 1]).mayHaveChanged(since: counters()), "counted for the first time")
        #expect(counters().mayHaveChanged(since: counters(["rev_bond": 4])), "another process")
        #expect(!counters(["rev_mac_learning": 7]).mayHaveChanged(since: counters()))
        #expect(!counters(["ofproto_recv_openflow": 19]).mayHaveChanged(since: counters()))
    }

    @Test func `a change that what is learnt at the same time may hide counts`() {
        let both = counters(["rev_mac_learning": 2, "ofproto_recv_openflow": 19])
        #expect(both.mayHaveChanged(since: counters()))
    }

    @Test(arguments: ["rev_flow_table", "rev_flow_table total: x", "rev_flow_table  0.0/sec total: ", "total: 5"])
    func `what is no counter is passed over`(line: String) {
        var counters = ChangeCounters()
        counters.take(line)
        #expect(counters == ChangeCounters())
    }

    @Test func `a bucket gives what it is filled with, and no more than it holds`() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(rate: 20, now: start)
        func taken(at second: Double) -> Int { (0..<1000).count { _ in bucket.take(now: start + .seconds(second)) } }
        #expect([taken(at: 0), taken(at: 0), taken(at: 1), taken(at: 1.5), taken(at: 1000)] == [100, 0, 20, 10, 100])
        var none = TokenBucket(rate: 0, now: start)
        let isTaken = none.take(now: start + .seconds(1000))
        #expect(!isTaken)
    }

    @Test func `a port that asks without end has its share, and another has its own`() {
        let start = ContinuousClock.now
        var tokens = SharedTokens(rate: 20, now: start)
        func taken(_ port: String, at second: Double, of wanted: Int = 1000) -> Int {
            (0..<wanted).count { _ in tokens.take(for: port, now: start + .seconds(second)) }
        }
        #expect([taken("flood", at: 0), taken("quiet", at: 0, of: 10), taken("flood", at: 0)] == [25, 10, 0])
        #expect([taken("flood", at: 1), taken("quiet", at: 1, of: 10), taken("flood", at: 100)] == [5, 10, 25])
        // All together have no more than there is.
        let many = (0..<8).map { taken("port\($0)", at: 200) }
        #expect(many == [25, 25, 25, 25, 0, 0, 0, 0])
        var one = SharedTokens(rate: 1, now: start)
        let isOneTaken = one.take(for: "tap", now: start)
        #expect(isOneTaken)
        var none = SharedTokens(rate: 0, now: start)
        let isNoneTaken = none.take(for: "tap", now: start + .seconds(1000))
        #expect(!isNoneTaken)
    }
}
