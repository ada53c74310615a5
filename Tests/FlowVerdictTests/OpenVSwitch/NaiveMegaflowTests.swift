// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import FlowVerdict
import Testing

/// The judge against going through all megaflows, field by field, from the text on.
@Suite struct NaiveMegaflowTests {
    /// One megaflow as numbers, and as the switch would print it.
    private struct Rule {
        var source: (value: UInt32, mask: UInt32)
        var destination: (value: UInt32, mask: UInt32)
        var transport: UInt8?
        var destinationPort: (value: UInt16, mask: UInt16)
        var vlan: UInt16?
        var isDropped: Bool

        func matches(_ key: FlowKey) -> Bool {
            let (source, destination) = (UInt32(key.source.low), UInt32(key.destination.low))
            return (source ^ self.source.value) & self.source.mask == 0
                && (destination ^ self.destination.value) & self.destination.mask == 0
                && (transport.map { $0 == key.transport } ?? true)
                && (key.destinationPort ^ destinationPort.value) & destinationPort.mask == 0
                && key.vlanID == (vlan ?? 0)
        }

        func match(isVerbose: Bool) -> String {
            let prefix = isVerbose ? "ufid:00000000-0000-0000-0000-000000000001, skb_priority(0/0),ct_state(0/0)," : ""
            let ends = "src=\(address(source)),dst=\(address(destination))"
            let proto = transport.map { ",proto=\($0)" } ?? (isVerbose ? ",proto=6/0" : "")
            let port = "tcp(dst=\(destinationPort.value)/0x\(String(destinationPort.mask, radix: 16)))"
            let internet = "eth_type(0x0800),ipv4(\(ends)\(proto),frag=no),\(port)"
            let whole = vlan.map { "eth_type(0x8100),vlan(vid=\($0),pcp=0),encap(\(internet))" } ?? internet
            return "\(prefix)recirc_id(0),in_port(tap0),\(whole)"
        }

        private func address(_ field: (value: UInt32, mask: UInt32)) -> String {
            "\(IPAddress(v4: field.value))/\(IPAddress(v4: field.mask))"
        }
    }

    private struct Source {
        var generator: SplitMix64

        mutating func number(_ limit: UInt64) -> UInt64 { generator.next() % limit }

        mutating func address() -> UInt32 { 0x0A00_0000 | UInt32(number(4)) << 8 | UInt32(number(4)) }

        mutating func rule() -> Rule {
            let masks: [UInt32] = [0, .max, 0xFFFF_FF00, 0xFF, 0xFFFF_FFFE]
            let ports: [UInt16] = [0, .max, 0xFFFE, 0xFFF0]
            return Rule(
                source: (address(), masks[Int(number(5))]), destination: (address(), masks[Int(number(5))]),
                transport: number(2) == 0 ? nil : (number(2) == 0 ? 6 : 17),
                destinationPort: (UInt16(number(20)), ports[Int(number(4))]),
                vlan: number(4) == 0 ? UInt16(number(2)) + 5 : nil, isDropped: number(2) == 0)
        }

        mutating func key() -> FlowKey {
            FlowKey(
                port: SwitchTimeline.port.number, direction: .egress,
                vlanID: number(4) == 0 ? UInt16(number(2)) + 5 : 0,
                transport: number(2) == 0 ? 6 : 17, source: IPAddress(v4: address()),
                destination: IPAddress(v4: address()), sourcePort: 7, destinationPort: UInt16(number(20)))
        }
    }

    @Test(arguments: [(1, false), (2, true), (3, false), (4, true)])
    func `all that match agree, or nothing is said`(seed: UInt64, isVerbose: Bool) {
        var source = Source(generator: SplitMix64(seed: seed))
        var told = 0
        for count in [1, 3, 10, 30] {
            let rules = (0..<count).map { _ in source.rule() }
            var timeline = SwitchTimeline()
            timeline.look(
                at: 5, rules.map { ($0.match(isVerbose: isVerbose), $0.isDropped ? "drop" : "tap1") })
            timeline.look(at: 61, [])
            var judge = MegaflowJudge(timeline.history, of: SwitchTimeline.window)
            for _ in 0..<500 {
                let key = source.key()
                // Of two with one match the switch has one, and so has the history: the last.
                var last: [String: Bool] = [:]
                for rule in rules where rule.matches(key) { last[rule.match(isVerbose: isVerbose)] = rule.isDropped }
                let found = Set(last.values)
                let expected: Verdict? =
                    found.count == 1 ? (found == [true] ? .reject(.ovsMegaflow) : .accept(.ovsMegaflow)) : nil
                let verdict = judge.verdict(of: SwitchTimeline.record(key, from: 3, to: 4))
                #expect(verdict == expected, "\(key)")
                told += verdict == nil ? 0 : 1
            }
        }
        #expect(told > 100)
    }
}
