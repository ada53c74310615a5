// SPDX-License-Identifier: Apache-2.0

/// What a policy in the kernel says of a flow's packets.
package enum Ruling: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// It was not asked, or has nothing to say: the port has no policy, or the flow is never subject to one.
    case none = 0
    case accept = 1
    /// Not allowed, and passed all the same: the port is only audited.
    case reject = 2
    /// Not allowed, and dropped.
    case drop = 3
}
