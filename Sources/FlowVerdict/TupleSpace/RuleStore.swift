// SPDX-License-Identifier: Apache-2.0

/// All rules of a tuple space, in places that are used again. Those of one mask that compare the same are a chain, the
/// highest first.
struct RuleStore<Key: TernaryKey, Value: Sendable>: Sendable {
    private struct Place: Sendable {
        var key: Key
        var priority: Int
        /// Which was inserted first.
        var sequence: UInt64
        var tuple: Int
        var next: Int32
        /// nil where the place is free.
        var value: Value?
    }

    private static var none: Int32 { -1 }
    private var places: [Place] = []
    private var free: [Int32] = []
    private var sequence: UInt64 = 0

    @inline(__always) func key(_ index: Int) -> Key { places[index].key }
    @inline(__always) func priority(_ index: Int) -> Int { places[index].priority }
    func sequence(_ index: Int) -> UInt64 { places[index].sequence }
    func tuple(_ index: Int) -> Int { places[index].tuple }
    func value(_ index: Int) -> Value? { places[index].value }
    func holds(_ index: Int) -> Bool { places.indices.contains(index) && places[index].value != nil }

    func next(_ index: Int) -> Int? {
        let next = places[index].next
        return next == Self.none ? nil : Int(next)
    }

    /// Whether the one rule comes before the other: of equal priority the one that was there first.
    @inline(__always)
    func precedes(_ one: Int, _ other: Int) -> Bool {
        let (left, right) = (places[one].priority, places[other].priority)
        return left != right ? left > right : places[one].sequence < places[other].sequence
    }

    mutating func add(_ key: Key, priority: Int, value: Value, tuple: Int) -> Int {
        sequence += 1
        let place = Place(
            key: key, priority: priority, sequence: sequence, tuple: tuple, next: Self.none, value: value)
        if let index = free.popLast() {
            places[Int(index)] = place
            return Int(index)
        }
        places.append(place)
        return places.count - 1
    }

    /// Puts a rule where it belongs in a chain, and returns the chain's first.
    mutating func link(_ index: Int, intoChainFrom head: Int?) -> Int {
        guard let head, !precedes(index, head) else {
            places[index].next = head.map { Int32($0) } ?? Self.none
            return index
        }
        var previous = head
        while let next = next(previous), !precedes(index, next) { previous = next }
        places[index].next = places[previous].next
        places[previous].next = Int32(index)
        return head
    }

    /// Takes a rule out of its chain, and returns the chain's first; nil where none is left.
    mutating func unlink(_ index: Int, fromChainFrom head: Int) -> Int? {
        if head == index { return next(index) }
        var previous = head
        while let next = next(previous), next != index { previous = next }
        places[previous].next = places[index].next
        return head
    }

    mutating func release(_ index: Int) {
        places[index].value = nil
        places[index].sequence = 0
        free.append(Int32(index))
    }
}
