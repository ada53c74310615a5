// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel

/// A complete window on its way to the store: safe in its segment of the journal, and, while the store keeps up, in memory as well.
package struct WaitingWindow: Sendable {
    package var segment: Segment
    /// nil: to be read from the segment.
    package var content: Content?
    /// Its flows were given up; what is left are totals.
    var isGivenUp = false
    /// The journal rewrites the segment at this moment.
    var isBusy = false

    package struct Content: Sendable {
        package var window: ClosedWindow
        package var ports: [PortNumber: Port]

        package init(window: consuming ClosedWindow, ports: [PortNumber: Port]) {
            self.window = window
            self.ports = ports
        }
    }
}

extension WaitingWindow {
    /// A window that is in the journal alone.
    package init(_ segment: Segment) { self.init(segment: segment) }

    /// A window that the journal has just taken, and that is still in memory.
    package init(_ safe: consuming SafeWindow) {
        segment = safe.segment
        content = Content(window: safe.window, ports: safe.ports)
    }
}
