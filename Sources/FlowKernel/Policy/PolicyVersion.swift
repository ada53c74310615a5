// SPDX-License-Identifier: Apache-2.0

import CWeirABI

/// The version of the policy in force: what was judged by one and what by another is counted apart.
///
/// Its lowest bit is the generation of the rules, as that of a window's number is the generation of the flow tables.
package struct PolicyVersion: Equatable, Sendable {
    /// 0: there has been no policy yet.
    package let rawValue: UInt8

    init(_ rawValue: UInt8) { self.rawValue = rawValue }

    /// As `weir_control.policy` has it.
    init(word: UInt32) {
        let low = word >> UInt32(WEIR_POLICY_VERSION_LOW_SHIFT) & 0xf
        let high = word >> UInt32(WEIR_POLICY_VERSION_HIGH_SHIFT) & 0xf
        rawValue = UInt8(low | high << 4)
    }

    var word: UInt32 {
        let (low, high) = (UInt32(rawValue & 0xf), UInt32(rawValue >> 4))
        return low << UInt32(WEIR_POLICY_VERSION_LOW_SHIFT) | high << UInt32(WEIR_POLICY_VERSION_HIGH_SHIFT)
    }

    /// The next one, of the other generation: never 0.
    var next: PolicyVersion { PolicyVersion(rawValue == .max ? 2 : rawValue + 1) }

    var generation: Int { Int(rawValue & 1) }

    /// So many can be given out in a window before one would come a second time, and two more, for windows that end meanwhile.
    static let mostAWindow: UInt32 = 250
}
