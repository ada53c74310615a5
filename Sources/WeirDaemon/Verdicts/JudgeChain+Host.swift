// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowVerdict
import OpenVSwitch
import WeirConfiguration

extension JudgeChain {
    /// The judges of this host: the policy that was loaded, the switch, the host's own stack.
    ///
    /// A process that follows neither the switch nor the stack, such as `weir dump`, has the policy alone.
    init(_ configuration: Configuration, megaflows: MegaflowWatch? = nil, drops: DropWatch? = nil) {
        let others: [(any VerdictJudge)?] = [megaflows?.judge, drops?.history]
        let policy = LoadedPolicyJudge(PolicyState(stateDirectory: configuration.stateDirectory))
        self.init(policy: policy, then: others.compactMap(\.self))
    }
}

extension ClosedWindow {
    /// Calls the function with the record of every flow that is in memory, once it has its verdict.
    func forEachRecord(
        ports: [PortNumber: Port], judgedBy judgement: inout WindowJudgement, _ body: (borrowing FlowRecord) -> Void
    ) {
        forEachRecord(ports: ports) { record in
            judgement.judge(&record)
            body(record)
        }
    }

    /// The lines that are not of flows.
    ///
    /// - Parameter receivers: at which records of other ports stand in.
    func others(
        ports: [PortNumber: Port], receivers: Set<PortNumber>, judgedBy judgement: inout WindowJudgement
    ) -> [LogEntry] {
        let unparsed = unparsed(ports: ports)
        for case .unparsed(_, _, let frames) in unparsed { judgement.count(frames) }
        return unparsed + gaps(ports: ports, receivers: receivers)
    }
}
