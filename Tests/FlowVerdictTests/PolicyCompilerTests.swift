// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import FlowVerdict
import Testing

/// What groups become, against the words of the rules themselves.
@Suite struct PolicyCompilerTests {
    /// The explanation goes through the rules one by one and compares numbers and networks; the classifier compares bits.
    @Test(arguments: [1, 2, 3, 4])
    func `bits decide as the words of the rules do`(seed: UInt64) throws {
        var random = RandomGroups(seed: seed)
        let policy = SecurityPolicy(
            groups: [random.group("web", rules: 40), random.group("db", rules: 20)],
            defaultIngress: seed % 2 == 0 ? .allow : .deny, defaultEgress: seed % 3 == 0 ? .allow : .deny)
        let members = ["db": [RandomGroups.address(3, .v4), RandomGroups.address(5, .v6)]]
        var compiler = PolicyCompiler(policy, members: members)
        let choices = [["web"], ["db"], ["db", "web"], []]
        let sets = choices.map { compiler.set(of: $0) }
        #expect(sets == [1, 2, 3, 4])
        var book = RuleBook()
        var classifier = PolicyClassifier(try compiler.compile(numberingBy: &book))
        for _ in 0..<3000 {
            let flow = random.flow()
            let place = random.number(below: choices.count)
            let decision = classifier.decision(for: flow, set: sets[place])
            let found = try #require(decision)
            let explained = PolicyExplanation(flow, by: policy, groups: choices[place], members: members)
            #expect(book.entries[found.number]?.name == explained.decided.name)
            #expect(found.action == explained.decided.action)
        }
    }

    /// Each port of each range is in it once, and no other: for ranges whose ends are where a bit changes, and random ones.
    @Test func `a range of ports becomes values that are it, and no more of them than needed`() {
        var generator = SplitMix64(seed: 9)
        let ends: [UInt16] = [0, 1, 2, 3, 79, 80, 443, 1023, 1024, 32767, 32768, 65534, 65535]
        var ranges = ends.flatMap { low in ends.filter { $0 >= low }.map { low...$0 } }
        for _ in 0..<50 {
            let (one, other) = (UInt16(generator.next() % 65536), UInt16(generator.next() % 65536))
            ranges.append(min(one, other)...max(one, other))
        }
        for range in ranges {
            let parts = range.prefixes
            let sizes = parts.map { 65536 - Int($0.mask) }
            #expect(sizes.reduce(0, +) == range.count && parts.count <= 30)
            var next = Int(range.lowerBound)
            for (part, size) in zip(parts, sizes) {
                #expect(Int(part.value) == next && next % size == 0)
                next += size
            }
        }
        #expect((UInt16(0)...65535).prefixes.count == 1)
        #expect((UInt16(1)...65534).prefixes.count == 30, "the worst there is")
    }

    @Test func `deny comes before allow of the same priority, and the last resort last`() {
        let rules = [
            SecurityGroupRule(name: "g/low", direction: .ingress, priority: 1),
            SecurityGroupRule(name: "g/allow", direction: .ingress, priority: 5),
            SecurityGroupRule(name: "g/deny", direction: .ingress, action: .deny, priority: 5),
        ]
        let policy = SecurityPolicy(groups: [SecurityGroup(name: "g", rules: rules)])
        #expect(
            policy.rules(of: ["g"]).map(\.name) == ["g/deny", "g/allow", "g/low", "default/ingress", "default/egress"])
    }

    @Test func `a rule that says the same keeps its number, and another gets one that is not in use`() throws {
        var book = RuleBook()
        func numbers(_ ports: [UInt16]) throws -> [String: UInt16] {
            let rules = ports.map { port in
                SecurityGroupRule(
                    name: "g/\(port)", direction: .ingress, transport: TransportNumber.tcp, ends: .ports(port...port))
            }
            var compiler = PolicyCompiler(SecurityPolicy(groups: [SecurityGroup(name: "g", rules: rules)]))
            _ = compiler.set(of: ["g"])
            let numbers = Set(try compiler.compile(numberingBy: &book).rules.map(\.number))
            return Dictionary(numbers.compactMap { number in book.entries[number].map { ($0.name, number) } }) { $1 }
        }
        let first = try numbers([80, 443])
        let second = try numbers([22, 443])
        #expect(first["g/443"] == second["g/443"] && first["default/egress"] == second["default/egress"])
        let new = try #require(second["g/22"])
        #expect(!first.values.contains(new))
        let old = try #require(first["g/80"])
        #expect(book.entries[old]?.name == "g/80", "records may still name it")
    }

    @Test func `numbers of rules that are gone are used again only when all others were`() throws {
        var book = RuleBook()
        var last: Set<UInt16> = []
        for round in 0..<8 {
            let rules = (0..<20_000).map { place in
                SecurityGroupRule(name: "g/\(round)-\(place)", direction: .ingress, transport: 6)
            }
            var compiler = PolicyCompiler(SecurityPolicy(groups: [SecurityGroup(name: "g", rules: rules)]))
            _ = compiler.set(of: ["g"])
            let numbers = Set(try compiler.compile(numberingBy: &book).rules.map(\.number)).filter {
                book.entries[$0]?.name.hasPrefix("g/") == true
            }
            #expect(numbers.count == 20_000 && numbers.isDisjoint(with: last))
            #expect(last.allSatisfy { book.entries[$0]?.name.hasPrefix("g/\(round - 1)-") == true })
            last = numbers
        }
    }

    @Test func `what the kernel has no room for is refused`() {
        let rules = (0..<2500).map { place in
            SecurityGroupRule(
                name: "g/\(place)", direction: .ingress, transport: TransportNumber.tcp, ends: .ports(1...65534))
        }
        var compiler = PolicyCompiler(SecurityPolicy(groups: [SecurityGroup(name: "g", rules: rules)]))
        _ = compiler.set(of: ["g"])
        var book = RuleBook()
        let error = #expect(throws: PolicyError.self) { try compiler.compile(numberingBy: &book) }
        #expect(error?.description.hasPrefix("the policy becomes 150004 rules, and 65535 are the most") == true)
    }

    @Test func `an explanation says what in the flow is not as each rule has it`() {
        let rules = [
            SecurityGroupRule(name: "g/out", direction: .egress),
            SecurityGroupRule(name: "g/six", direction: .ingress, version: .v6),
            SecurityGroupRule(name: "g/udp", direction: .ingress, transport: TransportNumber.udp),
            SecurityGroupRule(
                name: "g/ssh", direction: .ingress, transport: TransportNumber.tcp, ends: .ports(22...22)),
            SecurityGroupRule(
                name: "g/near", direction: .ingress,
                remote: .prefix(AddressPrefix(IPAddress(v4: 0x0a00_0000), length: 8))),
            SecurityGroupRule(name: "g/friends", direction: .ingress, remote: .group("g")),
        ]
        let policy = SecurityPolicy(groups: [SecurityGroup(name: "g", rules: rules)])
        let flow = FlowKey(
            port: PortNumber(1), direction: .ingress, transport: TransportNumber.tcp,
            source: IPAddress(v4: 0xc000_0201), destination: IPAddress(v4: 0x0a00_0001), sourcePort: 40_000,
            destinationPort: 443)
        let explanation = PolicyExplanation(flow, by: policy, groups: ["g"])
        #expect(
            explanation.passed.map(\.why) == [
                "it is for egress", "it is for IPv6", "it is for udp", "destination port 443 is not 22",
                "192.0.2.1 is not in 10.0.0.0/8", "192.0.2.1 is no address of a port in group g",
            ])
        #expect(explanation.decided.name == "default/ingress" && explanation.decided.action == .deny)
    }
}
