// SPDX-License-Identifier: Apache-2.0

/// The hash of Parquet's Bloom filters: xxHash with 64 bits, seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
package enum XXH64 {
    private static let primes: [5 of UInt64] = [
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
        0x27D4_EB2F_1656_67C5,
    ]

    package static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var position = bytes.startIndex
        var hash: UInt64
        if bytes.count >= 32 {
            var lanes: [4 of UInt64] = [primes[0] &+ primes[1], primes[1], 0, 0 &- primes[0]]
            while bytes.endIndex - position >= 32 {
                for lane in 0..<4 { lanes[lane] = round(lanes[lane], word(bytes, position + 8 * lane, 8)) }
                position += 32
            }
            hash = rotated(lanes[0], 1) &+ rotated(lanes[1], 7) &+ rotated(lanes[2], 12) &+ rotated(lanes[3], 18)
            for lane in 0..<4 { hash = (hash ^ round(0, lanes[lane])) &* primes[0] &+ primes[3] }
        } else {
            hash = primes[4]
        }
        hash &+= UInt64(bytes.count)
        return avalanche(rest(of: bytes, from: position, hash))
    }

    private static func rest(of bytes: ArraySlice<UInt8>, from start: Int, _ hash: UInt64) -> UInt64 {
        var (hash, position) = (hash, start)
        while bytes.endIndex - position >= 8 {
            hash = rotated(hash ^ round(0, word(bytes, position, 8)), 27) &* primes[0] &+ primes[3]
            position += 8
        }
        if bytes.endIndex - position >= 4 {
            hash = rotated(hash ^ word(bytes, position, 4) &* primes[0], 23) &* primes[1] &+ primes[2]
            position += 4
        }
        while position < bytes.endIndex {
            hash = rotated(hash ^ UInt64(bytes[position]) &* primes[4], 11) &* primes[0]
            position += 1
        }
        return hash
    }

    private static func avalanche(_ hash: UInt64) -> UInt64 {
        var hash = (hash ^ hash >> 33) &* primes[1]
        hash = (hash ^ hash >> 29) &* primes[2]
        return hash ^ hash >> 32
    }

    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotated(lane &+ word &* primes[1], 31) &* primes[0]
    }

    private static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }

    /// Least significant byte first.
    private static func word(_ bytes: ArraySlice<UInt8>, _ position: Int, _ count: Int) -> UInt64 {
        var word: UInt64 = 0
        for byte in 0..<count { word |= UInt64(bytes[position + byte]) << UInt64(8 * byte) }
        return word
    }
}
