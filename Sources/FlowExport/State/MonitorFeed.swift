// SPDX-License-Identifier: Apache-2.0

import Foundation
package import HostMonitor
import WeirService

/// Where sinks of state get what they deliver: the daemon's control socket, and how often it is asked.
package struct MonitorFeed: Codable, Equatable, Sendable {
    /// The path of the control socket.
    package var socket: String
    package var intervalSeconds: Double

    package init(socket: String, intervalSeconds: Double = 5) {
        self.socket = socket
        self.intervalSeconds = intervalSeconds
    }

    /// Asks the daemon (`GET /monitor`). Blocks a few seconds at most.
    package func ask() throws(MonitorFeedError) -> MonitorReport {
        switch HTTPClient.get("/monitor", at: socket) {
        case .noServer: throw MonitorFeedError("no daemon answers on \(socket): start weir run, or wait until it is up")
        case .refused(let error): throw MonitorFeedError("\(error)")
        case .answer(status: 200, let body):
            guard let report = try? JSONDecoder().decode(MonitorReport.self, from: Data(body)) else {
                throw MonitorFeedError(
                    "the daemon on \(socket) sent figures that cannot be read: install programs of one version")
            }
            return report
        case .answer(status: 404, _):
            throw MonitorFeedError(
                "the daemon on \(socket) reads no figures: set monitor-interval to some seconds in its configuration")
        case .answer(let status, _):
            throw MonitorFeedError(
                "the daemon on \(socket) has no figures of the host and its machines (status \(status))")
        }
    }
}

/// Why there are no figures of the host and its machines, in a sentence.
package struct MonitorFeedError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
