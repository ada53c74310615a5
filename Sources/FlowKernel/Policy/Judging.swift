// SPDX-License-Identifier: Apache-2.0

/// Whether a port's programs ask the policy: `enum weir_port_judging`.
package enum Judging: UInt8, Sendable {
    case plain = 0
    case judged = 1
    /// Somebody replaces them, or died while at it.
    case changing = 2
}
