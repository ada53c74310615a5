// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel
package import FlowVerdict
package import PortDirectory

extension ClosedWindow {
    /// Calls the function with the record of every flow that is in memory, once it has its verdict and its names.
    ///
    /// - Parameter names: nil: no address has a name.
    package func forEachRecord(
        ports: [PortNumber: Port], judgedBy judgement: inout WindowJudgement, namedBy names: inout RecordNames?,
        _ body: (borrowing FlowRecord) -> Void
    ) {
        forEachRecord(ports: ports) { record in
            judgement.judge(&record)
            names?.name(&record)
            body(record)
        }
    }

    /// The lines that are not of flows.
    ///
    /// - Parameter receivers: at which records of other ports stand in.
    package func others(
        ports: [PortNumber: Port], receivers: Set<PortNumber>, judgedBy judgement: inout WindowJudgement
    ) -> [LogEntry] {
        let unparsed = unparsed(ports: ports)
        for case .unparsed(_, _, let frames) in unparsed { judgement.count(frames) }
        return unparsed + gaps(ports: ports, receivers: receivers)
    }
}
