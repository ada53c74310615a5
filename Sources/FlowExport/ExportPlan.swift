// SPDX-License-Identifier: Apache-2.0

/// What the daemon asks of `weir-export`: which store is read, where cursors are kept, and the sinks.
package struct ExportPlan: Codable, Equatable, Sendable {
    package var store: String
    /// The folder that has a folder for each sink.
    package var folder: String
    /// Tells the files of this state directory from those of others that write to the same place.
    package var stateID: String
    /// The length of a window, in seconds.
    package var intervalSeconds: Double
    package var sinks: [SinkSettings]
    /// Where sinks of state get it.
    package var monitor: MonitorFeed

    package init(
        store: String, folder: String, stateID: String, intervalSeconds: Double, sinks: [SinkSettings],
        monitor: MonitorFeed
    ) {
        self.store = store
        self.folder = folder
        self.stateID = stateID
        self.intervalSeconds = intervalSeconds
        self.sinks = sinks
        self.monitor = monitor
    }
}
