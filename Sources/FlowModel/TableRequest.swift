// SPDX-License-Identifier: Apache-2.0

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
        portShare: Double = Self.defaultPortShare, memoryLimit: UInt64? = nil
    ) {
        self.engine = engine
        self.flowBudget = flowBudget
        self.portShare = portShare
        self.memoryLimit = memoryLimit
    }

    package static let defaultFlowBudget = 262_144
    package static let defaultPortShare = 0.25
}
