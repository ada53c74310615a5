// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import FlowTestKit
package import FlowVerdict

/// Rules of a number of masks, and keys that meet them: what classifiers are measured and compared with.
///
/// The masks are prefixes of both addresses with and without the protocol and the port, as groups of rules have them.
/// Priorities are at random, as in Open vSwitch's own trade-off: a search has to go through half of the masks, on average.
package struct ClassifierRules {
    package let policy: KernelPolicy
    private let masks: [PolicyKey]
    private var generator: SplitMix64

    package init(rules count: Int, masks maskCount: Int, seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let masks = (0..<maskCount).map(Self.mask)
        policy = KernelPolicy(
            rules: (0..<count).map { place in
                PolicyRule(
                    key: Self.key(&generator), mask: masks[place % maskCount],
                    priority: Int(generator.next() % 1_000_000), action: place % 2 == 0 ? .allow : .deny,
                    number: UInt16(place + 1))
            })
        self.masks = masks
        self.generator = generator
    }

    /// A different one for each number below 256.
    private static func mask(_ number: Int) -> PolicyKey {
        var mask = PolicyKey.zero
        mask.sourceHigh = UInt64(UInt32.leadingOnes(16 + number % 16).bigEndian)
        mask.destinationHigh = UInt64(UInt32.leadingOnes(32 - number / 16 % 4).bigEndian)
        if number / 64 % 2 == 0 { mask.ports = 0xffff_0000 }
        if number / 128 % 2 == 0 { mask.rest = 0xff_ffff }
        return mask
    }

    private static func key(_ generator: inout SplitMix64) -> PolicyKey {
        var key = PolicyKey.zero
        key.sourceHigh = UInt64(UInt32(truncatingIfNeeded: generator.next()))
        key.destinationHigh = UInt64(UInt32(truncatingIfNeeded: generator.next()))
        key.ports = generator.next() & 0xffff_ffff
        key.rest = 1 | 6 << 16
        return key
    }

    /// Keys that meet a rule each, at random, with other bits where the rule does not look; one in eight meets none.
    package mutating func keys(_ count: Int) -> [PolicyKey] {
        (0..<count).map { _ in
            var key = Self.key(&generator)
            let rule = policy.rules[Int(generator.next() % UInt64(policy.rules.count))]
            guard generator.next() % 8 != 0 else { return key }
            let own = rule.key.masked(by: rule.mask)
            key.sourceHigh = key.sourceHigh & ~rule.mask.sourceHigh | own.sourceHigh
            key.destinationHigh = key.destinationHigh & ~rule.mask.destinationHigh | own.destinationHigh
            key.ports = key.ports & ~rule.mask.ports | own.ports
            return key
        }
    }

    /// The rules one after the other.
    package var linear: LinearMatcher {
        LinearMatcher(
            width: 6, policy.rules.map { ($0.key.words, $0.mask.words, $0.priority, $0.number) })
    }
}
