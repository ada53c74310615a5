// SPDX-License-Identifier: Apache-2.0

package import FlowFilter
package import FlowModel

/// Which flows are written, as AWS's flow logs can be narrowed. All are counted.
package enum LogFilter: String, CaseIterable, Codable, Sendable {
    case all, accept, reject

    /// A record that met both is in either: some of its packets are what is asked for. One whose verdict is not known is in neither.
    package func takes(_ verdict: Verdict) -> Bool {
        switch (self, verdict.action) {
        case (.all, _), (_, .mixed), (.accept, .accept), (.reject, .reject): true
        default: false
        }
    }
}

/// Which records a sink gets.
package struct RecordSelection: Sendable {
    /// What holds for the ports whose names a pattern matches.
    package struct PortRule: Sendable {
        package let pattern: GlobPattern
        package let log: LogFilter

        package init(_ pattern: GlobPattern, _ log: LogFilter) {
            self.pattern = pattern
            self.log = log
        }
    }

    private let log: LogFilter
    private let ports: [PortRule]
    private let filter: FlowFilter?
    /// The port of the last record, and what holds for it: records of a port follow one another.
    private var last: (port: Port, log: LogFilter)?

    /// - Parameters:
    ///   - log: of ports that no rule matches.
    ///   - ports: the first that matches decides.
    ///   - filter: nil takes all.
    package init(log: LogFilter = .all, ports: [PortRule] = [], filter: FlowFilter? = nil) {
        self.log = log
        self.ports = ports
        self.filter = filter
    }

    /// Lines that say that there is no record, or that some are missing, pass the verdicts: they have none.
    package mutating func takes(_ entry: LogEntry) -> Bool {
        if let verdict = entry.verdict, !log(of: entry.port).takes(verdict) { return false }
        return filter?.matches(entry) ?? true
    }

    private mutating func log(of port: Port) -> LogFilter {
        if let last, last.port === port { return last.log }
        let log = ports.first { $0.pattern.matches(port.name) }?.log ?? self.log
        last = (port, log)
        return log
    }
}
