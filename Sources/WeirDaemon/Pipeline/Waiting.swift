// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel

/// A window on its way to the sinks: safe in its segment, and, while the sinks keep up, in memory as well.
package struct Waiting: Sendable {
    var segment: Segment
    /// nil: to be read from the segment.
    var content: Content?
    var isPrinted = false
    /// Its flows were given up; what is left are totals.
    var isGivenUp = false
    /// Somebody rewrites the segment at this moment.
    var isBusy = false

    package struct Content: Sendable {
        package var window: ClosedWindow
        package var ports: [PortNumber: Port]
    }
}

extension Waiting {
    /// A window that is in the journal alone.
    package init(_ segment: Segment) { self.init(segment: segment) }

    /// A window that the journal has just taken, and that is still in memory.
    package init(_ safe: consuming SafeWindow) {
        segment = safe.segment
        content = Content(window: safe.window, ports: safe.ports)
    }
}
