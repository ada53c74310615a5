// SPDX-License-Identifier: Apache-2.0

package import FlowModel

extension ClosedWindow {
    /// The lines of frames that are in no flow: for each port, direction, reason and verdict one. Frames that are not IP have one
    /// only where a policy refused them, or would have.
    package func unparsed(ports: [PortNumber: Port]) -> [LogEntry] {
        ports.values.sorted { $0.number < $1.number }.flatMap { port in
            Direction.allCases.flatMap { direction in
                unparsed(of: port, direction).map { .unparsed(port: port, window: window, $0) }
            }
        }
    }

    private func unparsed(of port: Port, _ direction: Direction) -> [UnparsedFrames] {
        let side = PortSide(port: port.number, direction: direction)
        guard let totals = totals[side], !(totals.notIP + totals.malformed).isZero else { return [] }
        let passed: Verdict = direction == port.role.directionToPort ? .accept(.observed) : .unknown
        return UnparsedReason.allCases.flatMap { reason -> [UnparsedFrames] in
            let (audited, refused) = (totals.audited[reason], totals.refused[reason])
            let rest = totals.unparsed[reason] - audited - refused
            var all: [(count: PacketCount, verdict: Verdict)] = [
                (audited, .reject(.policy, reason: .policyAudit)),
                (refused, .reject(.policy, reason: reason.rejectReason)),
            ]
            if reason != .notIP { all.append((rest, passed)) }
            return all.filter { !$0.count.isZero }.map { count, verdict in
                UnparsedFrames(
                    direction: direction, reason: reason, count: count, verdict: verdict,
                    sample: samples[side]?[reason])
            }
        }
    }
}
