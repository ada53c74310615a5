// SPDX-License-Identifier: Apache-2.0

import Foundation
import WeirService

extension MonitorFeed {
    /// Asks the daemon what is sampled at ports at this moment (`GET /sampling`). Blocks a few seconds at most; nil where it does not answer.
    package func askSampling() -> SamplingReport? {
        guard case .answer(status: 200, let body) = HTTPClient.get("/sampling", at: socket) else { return nil }
        return try? JSONDecoder().decode(SamplingReport.self, from: Data(body))
    }
}
