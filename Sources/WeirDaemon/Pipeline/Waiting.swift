// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel

/// A window on its way to the sinks: safe in its segment, and, while the sinks keep up, in memory as well.
struct Waiting: Sendable {
    var segment: Segment
    /// nil: to be read from the segment.
    var content: Content?
    var isPrinted = false
    /// Its flows were given up; what is left are totals.
    var isGivenUp = false
    /// Somebody rewrites the segment at this moment.
    var isBusy = false

    struct Content: Sendable {
        var window: ClosedWindow
        var ports: [PortNumber: Port]
    }
}
