// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import FlowVerdict

/// Three words: enough for masks of every kind.
struct PacketBits: TernaryKey, Hashable {
    var words: (UInt64, UInt64, UInt64)

    init(_ first: UInt64, _ second: UInt64, _ third: UInt64 = 0) { words = (first, second, third) }

    func masked(by mask: PacketBits) -> PacketBits {
        PacketBits(words.0 & mask.words.0, words.1 & mask.words.1, words.2 & mask.words.2)
    }

    func hash(seed: UInt64) -> UInt64 {
        var hash = WordHash(seed: seed)
        hash.add(words.0)
        hash.add(words.1)
        hash.add(words.2)
        return hash.value
    }

    static func == (left: PacketBits, right: PacketBits) -> Bool {
        left.words.0 == right.words.0 && left.words.1 == right.words.1 && left.words.2 == right.words.2
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
    }
}

/// A matcher that goes through all rules: slow, and nothing to get wrong.
struct NaiveMatcher {
    struct Rule {
        let key: PacketBits
        let mask: PacketBits
        let priority: Int
        let value: Int
    }

    /// In the order in which they were inserted.
    var rules: [Rule] = []

    func matches(_ key: PacketBits) -> [Rule] {
        rules.filter { key.masked(by: $0.mask) == $0.key.masked(by: $0.mask) }
            .enumerated().sorted { left, right in
                left.element.priority != right.element.priority
                    ? left.element.priority > right.element.priority : left.offset < right.offset
            }.map(\.element)
    }
}

/// Rules of some masks, and keys that often match several of them.
struct RandomRules {
    private var generator: SplitMix64
    let masks: [PacketBits]

    init(seed: UInt64, masks count: Int) {
        var generator = SplitMix64(seed: seed)
        masks = (0..<count).map { _ in
            PacketBits(Self.mask(&generator), Self.mask(&generator), Self.mask(&generator))
        }
        self.generator = generator
    }

    /// A prefix, nothing, or all, so that masks contain one another.
    private static func mask(_ generator: inout SplitMix64) -> UInt64 {
        switch generator.next() % 4 {
        case 0: 0
        case 1: .max
        default: .max << (generator.next() % 64)
        }
    }

    /// Few values, so that rules overlap and keys repeat.
    mutating func key() -> PacketBits {
        func word() -> UInt64 { (generator.next() % 8) << 61 | generator.next() % 4 }
        return PacketBits(word(), word(), word())
    }

    mutating func rule(_ value: Int) -> NaiveMatcher.Rule {
        NaiveMatcher.Rule(
            key: key(), mask: masks[Int(generator.next() % UInt64(masks.count))],
            priority: Int(generator.next() % 32) - 16, value: value)
    }

    mutating func number(below limit: Int) -> Int { Int(generator.next() % UInt64(limit)) }
}
