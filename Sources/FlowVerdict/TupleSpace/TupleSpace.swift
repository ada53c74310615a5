// SPDX-License-Identifier: Apache-2.0

/// Rules of many masks, and the one of the highest priority that matches a key: tuple-space search (Srinivasan, Suri and
/// Varghese, SIGCOMM 1999), as Open vSwitch has it.
///
/// Rules are grouped by mask, and a group is one look into a hash table. Groups are gone through in the order of their highest
/// priorities, until none that is left can hold a better rule: half of them, on average. To insert, to remove and to look up
/// takes constant time a group, but that the last rule of a group's highest priority takes a look at the group when it
/// goes, as in Open vSwitch (`lib/classifier.c`).
///
/// Callers that care for speed are in this module, where the compiler makes a copy for their key.
///
/// A value: look-ups in a copy are not disturbed by changes. Not to be changed from several threads at a time.
package struct TupleSpace<Key: TernaryKey, Value: Sendable>: Sendable {
    /// Names a rule for as long as it is there; never used again.
    package struct RuleID: Hashable, Sendable {
        fileprivate let index: Int
        fileprivate let sequence: UInt64
    }

    package struct Match: Sendable {
        package let id: RuleID
        package let priority: Int
        package let value: Value
    }

    private var tuples: [Tuple<Key>] = []
    /// Places in `tuples`, the highest priority first.
    private var order: [Int] = []
    private var free: [Int] = []
    private var rules = RuleStore<Key, Value>()
    private let seed: UInt64
    package private(set) var count = 0

    /// - Parameter seed: of the hash; random, where rules or keys come from untrusted senders.
    package init(seed: UInt64 = .random(in: .min ... .max)) { self.seed = seed }

    /// How many masks its rules have.
    package var maskCount: Int { order.count }
}

extension TupleSpace {
    /// Adds a rule that matches keys which are equal to its own where the mask is one.
    @discardableResult
    package mutating func insert(_ key: Key, mask: Key, priority: Int = 0, _ value: Value) -> RuleID {
        let tuple = place(ofMask: mask)
        let key = key.masked(by: mask)
        let index = rules.add(key, priority: priority, value: value, tuple: tuple)
        let head = tuples[tuple].head(of: key, in: rules)
        let newHead = rules.link(index, intoChainFrom: head)
        if newHead != head { tuples[tuple].setHead(newHead, of: key, in: rules) }
        let highest = tuples[tuple].highest
        tuples[tuple].noteInsertion(priority)
        if tuples[tuple].highest != highest { sort() }
        count += 1
        return id(of: index)
    }

    /// Removes a rule. Returns whether it was there.
    @discardableResult
    package mutating func remove(_ id: RuleID) -> Bool {
        guard let tuple = tuple(of: id) else { return false }
        let key = rules.key(id.index)
        if let head = tuples[tuple].head(of: key, in: rules) {
            if let newHead = rules.unlink(id.index, fromChainFrom: head) {
                if newHead != head { tuples[tuple].setHead(newHead, of: key, in: rules) }
            } else {
                tuples[tuple].remove(key, in: rules)
            }
        }
        let (priority, highest) = (rules.priority(id.index), tuples[tuple].highest)
        tuples[tuple].noteRemoval(priority, in: rules)
        rules.release(id.index)
        count -= 1
        if tuples[tuple].isEmpty {
            order.removeAll { $0 == tuple }
            free.append(tuple)
        } else if tuples[tuple].highest != highest {
            sort()
        }
        return true
    }

    private func id(of index: Int) -> RuleID { RuleID(index: index, sequence: rules.sequence(index)) }

    private func tuple(of id: RuleID) -> Int? {
        guard rules.holds(id.index), rules.sequence(id.index) == id.sequence else { return nil }
        return rules.tuple(id.index)
    }

    private mutating func place(ofMask mask: Key) -> Int {
        if let known = order.first(where: { tuples[$0].mask == mask }) { return known }
        let tuple = Tuple(mask: mask, seed: seed)
        if let place = free.popLast() {
            tuples[place] = tuple
            order.append(place)
            return place
        }
        tuples.append(tuple)
        order.append(tuples.count - 1)
        return tuples.count - 1
    }

    private mutating func sort() { order.sort { tuples[$0].highest > tuples[$1].highest } }
}

extension TupleSpace {
    /// The matching rule of the highest priority; of several the one that was inserted first. nil where none matches.
    package func lookup(_ key: Key) -> Match? {
        var best: Int?
        for place in order {
            if let best, rules.priority(best) > tuples[place].highest { break }
            guard let head = tuples[place].head(of: key.masked(by: tuples[place].mask), in: rules) else { continue }
            if let other = best, !rules.precedes(head, other) { continue }
            best = head
        }
        return best.flatMap(match)
    }

    /// Calls the function with the value of each rule that matches, in no particular order.
    @inline(__always)
    func forEachMatch(_ key: Key, _ body: (Value) -> Void) {
        for place in order {
            var index = tuples[place].head(of: key.masked(by: tuples[place].mask), in: rules)
            while let current = index {
                if let value = rules.value(current) { body(value) }
                index = rules.next(current)
            }
        }
    }

    /// All rules that match, the one that decides first.
    package func matches(_ key: Key) -> [Match] {
        var found: [Int] = []
        for place in order {
            var index = tuples[place].head(of: key.masked(by: tuples[place].mask), in: rules)
            while let current = index {
                found.append(current)
                index = rules.next(current)
            }
        }
        return found.sorted(by: rules.precedes).compactMap(match)
    }

    private func match(_ index: Int) -> Match? {
        rules.value(index).map { Match(id: id(of: index), priority: rules.priority(index), value: $0) }
    }
}
