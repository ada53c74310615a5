// SPDX-License-Identifier: Apache-2.0

/// What the line engine's hash is made of.
package struct HashSeed: Sendable {
    typealias Words = (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
    )
    let words: Words

    /// From the kernel's random source (getrandom(2)).
    package static func random() -> HashSeed {
        var generator = SystemRandomNumberGenerator()
        func next() -> UInt64 { generator.next() }
        return HashSeed(
            words: (
                next(), next(), next(), next(), next(), next(), next(), next(), next(), next(), next()
            ))
    }

    /// For tests alone: a sender that knows the seed can make flows collide.
    package static let zero = HashSeed(words: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}
