// SPDX-License-Identifier: Apache-2.0

import FlowVerdict
import Testing

@Suite struct ClassifierTests {
    /// Rules come and go between the lookups; all that match must be found, in their order.
    @Test(arguments: [1, 2, 8, 64])
    func `what is found is what going through all rules finds`(masks: Int) throws {
        var random = RandomRules(seed: UInt64(masks), masks: masks)
        var space = TupleSpace<PacketBits, Int>(seed: 1)
        var naive = NaiveMatcher()
        var ids: [Int: TupleSpace<PacketBits, Int>.RuleID] = [:]
        for step in 0..<3000 {
            if random.number(below: 3) < 2 {
                let rule = random.rule(step)
                ids[step] = space.insert(rule.key, mask: rule.mask, priority: rule.priority, step)
                naive.rules.append(rule)
            } else if !naive.rules.isEmpty {
                let gone = naive.rules.remove(at: random.number(below: naive.rules.count))
                let removed = ids.removeValue(forKey: gone.value)
                let id = try #require(removed)
                let removals = [space.remove(id), space.remove(id)]
                #expect(removals == [true, false], "once")
            }
            #expect(space.count == naive.rules.count)
            guard step % 8 == 0 else { continue }
            let key = random.key()
            let expected = naive.matches(key)
            #expect(space.matches(key).map(\.value) == expected.map(\.value))
            #expect(space.lookup(key)?.value == expected.first?.value)
            #expect(space.lookup(key)?.priority == expected.first?.priority)
        }
        #expect(space.maskCount == Set(naive.rules.map(\.mask)).count)
        for id in ids.values { space.remove(id) }
        #expect(space.count == 0 && space.maskCount == 0 && space.lookup(random.key()) == nil)
    }

    @Test func `of equal priority the rule that was there first decides, whatever its mask`() {
        var space = TupleSpace<PacketBits, String>()
        let all = PacketBits(.max, .max, .max)
        let first = space.insert(PacketBits(1, 2), mask: PacketBits(.max, 0), priority: 5, "first")
        space.insert(PacketBits(1, 2), mask: PacketBits(0, .max), priority: 5, "second")
        space.insert(PacketBits(1, 2), mask: PacketBits(.max, 0), priority: 5, "third")
        space.insert(PacketBits(1, 2), mask: all, priority: 4, "lower")
        #expect(space.lookup(PacketBits(1, 2))?.value == "first")
        #expect(space.matches(PacketBits(1, 2)).map(\.value) == ["first", "second", "third", "lower"])
        space.remove(first)
        #expect(space.lookup(PacketBits(1, 2))?.value == "second")
        #expect(space.lookup(PacketBits(1, 7))?.value == "third")
    }

    @Test func `bits that a rule leaves out do not matter, in the rule either`() {
        var space = TupleSpace<PacketBits, Int>()
        space.insert(PacketBits(0xff01, 9), mask: PacketBits(0xff, 0), 1)
        #expect(space.lookup(PacketBits(0x01, 0))?.value == 1)
        #expect(space.lookup(PacketBits(0x7701, 3))?.value == 1)
        #expect(space.lookup(PacketBits(0x02, 9)) == nil)
    }

    @Test func `an id names no rule that came after its own`() {
        var space = TupleSpace<PacketBits, Int>()
        let old = space.insert(PacketBits(1, 1), mask: PacketBits(.max, .max), 1)
        space.remove(old)
        space.insert(PacketBits(1, 1), mask: PacketBits(.max, .max), 2)
        let isRemoved = space.remove(old)
        #expect(!isRemoved)
        #expect(space.lookup(PacketBits(1, 1))?.value == 2)
    }

    @Test func `a copy is as it was`() {
        var space = TupleSpace<PacketBits, Int>()
        space.insert(PacketBits(1, 1), mask: PacketBits(.max, 0), 1)
        let copy = space
        space.insert(PacketBits(1, 1), mask: PacketBits(.max, 0), priority: 9, 2)
        #expect(copy.lookup(PacketBits(1, 0))?.value == 1 && space.lookup(PacketBits(1, 0))?.value == 2)
    }

    /// A cache of few places, which keys fight for, must never say anything else than the rules.
    @Test(arguments: [1, 16, 4096])
    func `the cache says what the rules say, also when these change`(size: Int) {
        var random = RandomRules(seed: 7, masks: 8)
        var classifier = Classifier<PacketBits, Int>(cacheSize: size)
        for step in 0..<200 {
            let rule = random.rule(step)
            classifier.rules.insert(rule.key, mask: rule.mask, priority: rule.priority, step)
            for _ in 0..<20 {
                let key = random.key()
                let expected = classifier.rules.lookup(key)?.value
                let found = [classifier.lookup(key)?.value, classifier.lookup(key)?.value]
                #expect(found == [expected, expected])
            }
        }
        #expect(classifier.hits >= 200 * 20, "the second lookup of each key")
        #expect(classifier.misses >= 200)
    }
}
