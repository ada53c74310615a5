// SPDX-License-Identifier: Apache-2.0

import Foundation
package import HostMonitor
package import WeirService

/// Asks a running daemon over its control socket.
package enum ControlClient {
    package enum Answer: Sendable {
        case report(DaemonReport)
        /// No daemon is there, or it does not answer in a few seconds.
        case nobody
        /// The daemon is not for this user.
        case refused(ServiceError)
    }

    /// Asks for the daemon's report. Blocks a few seconds at most.
    package static func ask(at path: String) -> Answer {
        switch HTTPClient.get("/status", at: path) {
        case .noServer: return .nobody
        case .refused(let error): return .refused(error)
        case .answer(_, let body):
            let report = try? JSONDecoder().decode(DaemonReport.self, from: Data(body))
            return report.map(Answer.report) ?? .nobody
        }
    }

    package enum MonitorAnswer: Sendable {
        case report(MonitorReport)
        /// The daemon does not read figures of the host and its machines.
        case off
        /// No daemon is there, or it does not answer in a few seconds.
        case nobody
        /// The daemon is not for this user.
        case refused(ServiceError)
    }

    /// Asks for what the host and its machines do. Blocks a few seconds at most.
    package static func monitor(at path: String) -> MonitorAnswer {
        switch HTTPClient.get("/monitor", at: path) {
        case .noServer: return .nobody
        case .refused(let error): return .refused(error)
        case .answer(404, _): return .off
        case .answer(_, let body):
            guard let report = try? JSONDecoder().decode(MonitorReport.self, from: Data(body)) else { return .nobody }
            return report.intervalSeconds > 0 ? .report(report) : .off
        }
    }
}
