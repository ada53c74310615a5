// SPDX-License-Identifier: Apache-2.0

import Foundation
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
}
