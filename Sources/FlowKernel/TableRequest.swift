// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// What tables are asked for, before it is known whether the machine can have them.
package struct TableRequest: Equatable, Sendable {
    package var engine: FlowEngine
    /// Flows that a window is to have room for.
    package var flowBudget: Int
    /// The part of the table that one port can take, above 0 and up to 1.
    package var portShare: Double
    /// Bytes that the flow table may take at most; nil does not limit it.
    package var memoryLimit: UInt64?

    package init(
        engine: FlowEngine = .default, flowBudget: Int = Self.defaultFlowBudget,
        portShare: Double = TableGeometry.defaultPortShare, memoryLimit: UInt64? = nil
    ) {
        self.engine = engine
        self.flowBudget = flowBudget
        self.portShare = portShare
        self.memoryLimit = memoryLimit
    }

    package static let defaultFlowBudget = 262_144

    /// The tables for this machine's CPUs. Throws where they would take more than the limit.
    package func geometry() throws(KernelError) -> TableGeometry {
        let cpus = HostCPUs.count(for: engine)
        let geometry = TableGeometry(engine: engine, flowBudget: flowBudget, portShare: portShare, cpus: cpus)
        guard let memoryLimit, geometry.tableBytes > memoryLimit else { return geometry }
        let largest = TableGeometry.largestBudget(
            engine: engine, portShare: portShare, cpus: cpus, fitting: memoryLimit)
        throw KernelError(
            .invalid, "cannot make room for \(counted(flowBudget, "flow"))",
            cause: "their table takes \(geometry.tableBytes) bytes, and the limit is \(memoryLimit)",
            remedy: largest == 0
                ? "raise the limit (table-memory)"
                : "ask for at most \(counted(largest, "flow")), or raise the limit (table-memory)")
    }
}
