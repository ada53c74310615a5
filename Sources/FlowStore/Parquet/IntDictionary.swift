// SPDX-License-Identifier: Apache-2.0

/// Different numbers, in the order in which they came first: open addressing, linear probing.
struct IntDictionary {
    private(set) var values: [Int64] = []
    /// Index + 1; 0: free.
    private var slots = [UInt32](repeating: 0, count: 64)
    /// Of the hash, random and odd: packets choose what is looked up, and must not be able to make it collide.
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    mutating func index(of value: Int64) -> UInt32 {
        let mask = slots.count - 1
        var place = hash(value) & mask
        while true {
            let slot = slots[place]
            guard slot != 0 else { break }
            if values[Int(slot) - 1] == value { return slot - 1 }
            place = (place + 1) & mask
        }
        values.append(value)
        slots[place] = UInt32(values.count)
        if values.count * 2 > slots.count { grow() }
        return UInt32(values.count) - 1
    }

    mutating func removeAll() {
        values.removeAll(keepingCapacity: true)
        slots = [UInt32](repeating: 0, count: 64)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        for (index, value) in values.enumerated() {
            var place = hash(value) & mask
            while slots[place] != 0 { place = (place + 1) & mask }
            slots[place] = UInt32(index) + 1
        }
    }

    private func hash(_ value: Int64) -> Int {
        let product = UInt64(bitPattern: value) &* multiplier
        return Int(truncatingIfNeeded: product >> 32)
    }
}
