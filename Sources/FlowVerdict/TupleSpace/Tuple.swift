// SPDX-License-Identifier: Apache-2.0

/// The rules of one mask: a hash table from what they compare to the first of those that compare the same.
///
/// Open addressing with steps of one, at most half full, and no tombstones: what follows a removed entry moves up.
struct Tuple<Key: TernaryKey>: Sendable {
    let mask: Key
    /// The highest priority of its rules.
    private(set) var highest: Int
    /// How many rules have that.
    private var countOfHighest = 0
    private(set) var ruleCount = 0

    private let seed: UInt64
    private var entryCount = 0
    /// Part of the hash of each entry; 0 is none.
    private var tags: [UInt32]
    /// Index of the first rule of each entry.
    private var heads: [Int32]

    init(mask: Key, seed: UInt64) {
        self.mask = mask
        self.seed = seed
        highest = .min
        tags = Array(repeating: 0, count: 8)
        heads = Array(repeating: 0, count: 8)
    }

    var isEmpty: Bool { ruleCount == 0 }
}

extension Tuple {
    /// The first rule of the entry with that key, which is masked.
    @inline(__always)
    func head<Value>(of key: Key, in rules: borrowing RuleStore<Key, Value>) -> Int? {
        place(of: key, in: rules).map { Int(heads[$0]) }
    }

    @inline(__always)
    private func place<Value>(of key: Key, in rules: borrowing RuleStore<Key, Value>) -> Int? {
        let hash = key.hash(seed: seed)
        let tag = Self.tag(hash)
        let last = tags.count - 1
        var place = Int(truncatingIfNeeded: hash) & last
        while tags[place] != 0 {
            if tags[place] == tag, rules.key(Int(heads[place])) == key { return place }
            place = (place + 1) & last
        }
        return nil
    }

    /// The upper half, since the lower one says where it is.
    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) | 1 }

    /// Makes the rule the first of its key's entry, or the entry.
    mutating func setHead<Value>(_ index: Int, of key: Key, in rules: borrowing RuleStore<Key, Value>) {
        if let place = place(of: key, in: rules) {
            heads[place] = Int32(index)
        } else {
            if (entryCount + 1) * 2 > tags.count { grow(rules) }
            enter(key.hash(seed: seed), Int32(index))
            entryCount += 1
        }
    }

    private mutating func enter(_ hash: UInt64, _ head: Int32) {
        let last = tags.count - 1
        var place = Int(truncatingIfNeeded: hash) & last
        while tags[place] != 0 { place = (place + 1) & last }
        tags[place] = Self.tag(hash)
        heads[place] = head
    }

    private mutating func grow<Value>(_ rules: borrowing RuleStore<Key, Value>) {
        let entries = zip(tags, heads).filter { $0.0 != 0 }.map(\.1)
        tags = Array(repeating: 0, count: tags.count * 2)
        heads = Array(repeating: 0, count: heads.count * 2)
        for head in entries { enter(rules.key(Int(head)).hash(seed: seed), head) }
    }

    /// Takes the key's entry away.
    mutating func remove<Value>(_ key: Key, in rules: borrowing RuleStore<Key, Value>) {
        guard var hole = place(of: key, in: rules) else { return }
        let last = tags.count - 1
        var next = (hole + 1) & last
        while tags[next] != 0 {
            let home = Int(truncatingIfNeeded: rules.key(Int(heads[next])).hash(seed: seed)) & last
            // Not between the hole and where it is now: it may move into the hole.
            if (next - home) & last >= (next - hole) & last {
                tags[hole] = tags[next]
                heads[hole] = heads[next]
                hole = next
            }
            next = (next + 1) & last
        }
        tags[hole] = 0
        entryCount -= 1
    }
}

extension Tuple {
    mutating func noteInsertion(_ priority: Int) {
        ruleCount += 1
        if priority > highest { (highest, countOfHighest) = (priority, 0) }
        if priority == highest { countOfHighest += 1 }
    }

    /// Looks for the highest among the others where the last of that goes: the one step that takes as long as the tuple is.
    mutating func noteRemoval<Value>(_ priority: Int, in rules: borrowing RuleStore<Key, Value>) {
        ruleCount -= 1
        guard priority == highest else { return }
        countOfHighest -= 1
        guard countOfHighest == 0 else { return }
        highest = .min
        for (tag, head) in zip(tags, heads) where tag != 0 { note(chainFrom: Int(head), in: rules) }
    }

    private mutating func note<Value>(chainFrom head: Int, in rules: borrowing RuleStore<Key, Value>) {
        var index: Int? = head
        while let current = index {
            let priority = rules.priority(current)
            if priority > highest { (highest, countOfHighest) = (priority, 0) }
            if priority == highest { countOfHighest += 1 }
            // Sorted: those that follow are no higher.
            guard priority == highest else { return }
            index = rules.next(current)
        }
    }
}
