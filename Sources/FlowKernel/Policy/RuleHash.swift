// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowVerdict

/// The hash by which the kernel finds rules: that of the line engine (`line_hash.bpf.h`), of what a rule compares.
struct RuleHash: Sendable {
    private let seed: [UInt64]

    /// - Parameter table: whose seed the programs have.
    init(_ table: weir_table) {
        let words = table.seed
        seed = [
            words.0, words.1, words.2, words.3, words.4, words.5, words.6, words.7, words.8, words.9, words.10,
        ]
    }

    func callAsFunction(_ key: PolicyKey) -> UInt32 {
        func pair(_ one: UInt64, _ other: UInt64, _ place: Int) -> UInt64 {
            (seed[place] &+ (one & 0xFFFF_FFFF)) &* (seed[place + 1] &+ (other & 0xFFFF_FFFF))
        }
        var sum = pair(key.sourceHigh, key.destinationHigh, 0) &+ pair(key.ports, key.ports >> 32, 2)
        sum &+= seed[4] &* (key.rest & 0xFFFF_FFFF)
        if key.rest >> 24 & UInt64(PolicyKey.ipv6) != 0 {
            sum &+= pair(key.sourceHigh >> 32, key.destinationHigh >> 32, 5)
            sum &+= pair(key.sourceLow, key.destinationLow, 7)
            sum &+= pair(key.sourceLow >> 32, key.destinationLow >> 32, 9)
        }
        sum ^= sum >> 32
        return UInt32(truncatingIfNeeded: (sum &* 0x9e37_79b9_7f4a_7c15) >> 32)
    }
}
