// SPDX-License-Identifier: Apache-2.0

/// What finding the rule of a packet takes in user space, nanoseconds a lookup.
package struct ClassifierFigure: Codable, Sendable {
    package let masks: Int
    package let rules: Int
    /// Of keys that are all in the exact-match cache.
    package let cached: Figure
    /// Through the tuple space alone.
    package let tupleSpace: Figure
    /// Of keys by Zipf's law, through both; and the part of them that the cache knew.
    package let both: Figure
    package let hitRatio: Double

    package init(masks: Int, rules: Int, cached: Figure, tupleSpace: Figure, both: Figure, hitRatio: Double) {
        self.masks = masks
        self.rules = rules
        self.cached = cached
        self.tupleSpace = tupleSpace
        self.both = both
        self.hitRatio = hitRatio
    }

    enum CodingKeys: String, CodingKey {
        case masks, rules, cached, both
        case tupleSpace = "tuple_space"
        case hitRatio = "hit_ratio"
    }
}
