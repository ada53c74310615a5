// SPDX-License-Identifier: Apache-2.0

/// What was found for keys that were looked up lately: one look at a place or two, whatever the number of masks. Of fixed size;
/// a key takes the place of one that has the same two.
package struct ExactMatchCache<Key: TernaryKey, Value: Sendable>: Sendable {
    private struct Place: Sendable {
        var key: Key
        /// Of another version it holds nothing.
        var version: UInt64
        var value: Value
    }

    private var places: [Place?]
    private var version: UInt64 = 1
    private let seed: UInt64
    package private(set) var hits: UInt64 = 0
    package private(set) var misses: UInt64 = 0

    /// - Parameter size: keys that there is room for; the next power of two, two at least.
    package init(size: Int, seed: UInt64 = .random(in: .min ... .max)) {
        var count = 2
        while count < size { count *= 2 }
        places = Array(repeating: nil, count: count)
        self.seed = seed
    }

    /// Forgets everything, at once.
    package mutating func forgetAll() { version += 1 }

    /// What is known of the key; else what `find` says, which is kept.
    package mutating func value(of key: Key, orFind find: (Key) -> Value) -> Value {
        let first = Int(truncatingIfNeeded: key.hash(seed: seed)) & (places.count - 1)
        if let known = known(first, key) ?? known(first ^ 1, key) {
            hits += 1
            return known
        }
        misses += 1
        let value = find(key)
        // What was there last goes to the second place, so that of two keys that alternate both stay.
        places[first ^ 1] = places[first]
        places[first] = Place(key: key, version: version, value: value)
        return value
    }

    @inline(__always)
    private func known(_ index: Int, _ key: Key) -> Value? {
        guard let place = places[index], place.version == version, place.key == key else { return nil }
        return place.value
    }
}
