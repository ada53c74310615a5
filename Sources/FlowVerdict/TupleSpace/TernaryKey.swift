// SPDX-License-Identifier: Apache-2.0

/// What rules match: a key of which each rule compares some bits and leaves out the others.
package protocol TernaryKey: Equatable, Sendable, BitwiseCopyable {
    /// The bits that are one in the mask; the others are zero.
    func masked(by mask: Self) -> Self

    /// A number that is the same for equal keys. Packets choose keys: without the seed a sender must not be able to foresee which
    /// of them collide.
    func hash(seed: UInt64) -> UInt64
}

/// Makes one number of several: multiplies and folds, a word at a time (the core of wyhash).
package struct WordHash: Sendable {
    package private(set) var value: UInt64

    package init(seed: UInt64) { value = seed ^ 0x9e37_79b9_7f4a_7c15 }

    @inline(__always)
    package mutating func add(_ word: UInt64) {
        let product = (value ^ word).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
        value = product.high ^ product.low
    }
}
