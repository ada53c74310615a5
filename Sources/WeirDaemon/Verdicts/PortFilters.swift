// SPDX-License-Identifier: Apache-2.0

import FlowModel
import WeirConfiguration

/// What is to be logged of each port, as its name decides. Records of a port follow one another: the last one is kept.
struct PortFilters {
    private let configuration: Configuration
    private var last: (port: Port, filter: LogFilter)?

    init(_ configuration: Configuration) { self.configuration = configuration }

    mutating func filter(of port: Port) -> LogFilter {
        if let last, last.port === port { return last.filter }
        let filter = configuration.rule(forPort: port.name)?.filter ?? configuration.filter
        last = (port, filter)
        return filter
    }
}
