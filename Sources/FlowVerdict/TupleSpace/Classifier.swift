// SPDX-License-Identifier: Apache-2.0

/// Rules, and an exact-match cache in front of them.
///
/// What Open vSwitch calls it, and why it has both (Pfaff et al., NSDI 2015): a cached lookup takes one look, another one half of
/// the masks; with a share p of hits, p + (1 − p) · m / 2.
package struct Classifier<Key: TernaryKey, Value: Sendable>: Sendable {
    package typealias Rules = TupleSpace<Key, Value>

    /// A change of them is seen by the next lookup.
    package var rules: Rules { didSet { cache.forgetAll() } }
    private var cache: ExactMatchCache<Key, Rules.Match?>

    /// - Parameter cacheSize: see `ExactMatchCache`.
    package init(_ rules: Rules = Rules(), cacheSize: Int = 8192) {
        self.rules = rules
        cache = ExactMatchCache(size: cacheSize)
    }

    package var hits: UInt64 { cache.hits }
    package var misses: UInt64 { cache.misses }

    /// The matching rule of the highest priority; of several the one that was inserted first. nil where none matches.
    package mutating func lookup(_ key: Key) -> Rules.Match? {
        let rules = rules
        return cache.value(of: key) { rules.lookup($0) }
    }
}
