// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Where a component reads the time, so that a test can have it run on a simulated clock.
package protocol HostClock: Sendable {
    /// Both clocks at one moment.
    var now: ClockAnchor { get }
}

/// The clocks of this machine.
package struct SystemClock: HostClock {
    package init() {}

    package var now: ClockAnchor { .now }
}
