// SPDX-License-Identifier: Apache-2.0

import FlowStore
import FlowTestKit
import Testing

@Suite struct EncodingTests {
    /// Of the README of python-xxhash, of xxHash's own sanity checks, and of the Go package cespare/xxhash.
    @Test(
        arguments: [
            ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
            ("as", 0x1C33_0FB2_D66B_E179), ("asd", 0x631C_37CE_72A9_7393), ("asdf", 0x4158_72F5_99CE_A71E),
            ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
            (
                "Call me Ishmael. Some years ago--never mind how long precisely-",
                0x02A2_E854_70D6_FD96
            ),
        ] as [(String, UInt64)])
    func `XXH64 gives what others publish`(text: String, hash: UInt64) {
        #expect(XXH64.hash(Array(text.utf8)[...]) == hash)
    }

    @Test(arguments: [0, 1, 2, 31, 32, 33, 127, 128, 129, 1000]) func `differences are read as they were written`(
        count: Int
    ) throws {
        var random = SplitMix64(seed: UInt64(count))
        for shift in [0, 1, 20, 33, 63] {
            let values = (0..<count).map { _ in Int64(bitPattern: random.next()) >> Int64(shift) }
            var bytes: [UInt8] = []
            DeltaEncoding.append(values, to: &bytes)
            var found: [Int64] = [5]
            try DeltaEncoding.read(count, from: bytes[...], to: &found)
            #expect(found == [5] + values)
            for most in [0, 1, 2, count / 3, count - 1] where most >= 0 {
                var found: [Int64] = []
                try DeltaEncoding.read(count, most: most, from: bytes[...], to: &found)
                #expect(found == Array(values.prefix(most)))
            }
            // What is cut throws, and what is changed does not trap.
            for length in stride(from: 0, to: bytes.count - 1, by: 7) where count > 1 {
                #expect(throws: ParquetError.self) {
                    var found: [Int64] = []
                    try DeltaEncoding.read(count, from: bytes[..<length], to: &found)
                }
            }
            for place in bytes.indices.prefix(60) {
                var bytes = bytes
                bytes[place] ^= 0xA5
                var found: [Int64] = []
                try? DeltaEncoding.read(count, from: bytes[...], to: &found)
            }
        }
    }

    @Test(arguments: [1, 3, 8, 13, 17, 32]) func `runs and packed places are read as they were written`(width: Int)
        throws
    {
        var random = SplitMix64(seed: UInt64(width))
        let most = width == 32 ? UInt64(UInt32.max) : 1 << UInt64(width) - 1
        var values: [UInt32] = []
        while values.count < 5000 {
            let value = UInt32(random.next() % (most + 1))
            values += Array(repeating: value, count: random.next() % 4 == 0 ? Int(random.next() % 60) + 1 : 1)
        }
        var bytes: [UInt8] = []
        RunLengthEncoding.append(values, bitWidth: width, to: &bytes)
        var found: [UInt32] = []
        try RunLengthEncoding.read(values.count, bitWidth: width, from: bytes[...], to: &found)
        #expect(found == values)
        for share in [1, 2, 9, 700] {
            let places = values.indices.filter { _ in random.next() % UInt64(share) == 0 } + [values.count - 1]
            let chosen = Array(Set(places)).sorted()
            let picked = try RunLengthEncoding.pick(chosen, bitWidth: width, from: bytes[...])
            #expect(picked == chosen.map { values[$0] })
        }
        #expect(throws: ParquetError.self) {
            try RunLengthEncoding.pick([values.count - 1], bitWidth: width, from: bytes[..<(bytes.count / 2)])
        }
        // What is changed does not trap.
        for place in bytes.indices.prefix(200) {
            var bytes = bytes
            bytes[place] ^= 0xA5
            _ = try? RunLengthEncoding.pick([0, 700, 4000], bitWidth: width, from: bytes[...])
            var found: [UInt32] = []
            try? RunLengthEncoding.read(values.count, bitWidth: width, from: bytes[...], to: &found)
        }
    }
}
