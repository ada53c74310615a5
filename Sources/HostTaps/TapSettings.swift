// SPDX-License-Identifier: Apache-2.0

package import WeirConfiguration

/// What the configuration says of taps.
package struct TapSettings: Equatable, Sendable {
    /// By which copies leave for other hosts; nil: not known, and without a budget.
    package var device: String?
    /// Of what production leaves free of that device, the share that copies may take.
    package var share = 0.5
    /// Of outer headers, where a tap service says nothing.
    package var dscp: UInt8 = 1

    package init() {}

    package init(_ configuration: Configuration) {
        device = configuration.tapDevice
        share = configuration.tapShare
        dscp = UInt8(clamping: configuration.tapDSCP)
    }
}
