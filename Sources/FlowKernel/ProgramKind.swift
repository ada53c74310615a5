// SPDX-License-Identifier: Apache-2.0

import CWeirABI
package import Host

/// One of the compiled programs.
package enum ProgramKind: Sendable, CaseIterable {
    case tcFromPort
    case tcToPort
    case xdpFromPort
    case xskFromPort
    case sentToPort
    /// `xdpFromPort` as libxdp's dispatcher calls it. It has no variant without a policy.
    case xdpDispatched

    /// Those that every kernel loads: not what traces the kernel.
    package static let ofNetworkHooks = allCases.filter { $0 != .sentToPort }

    package var name: String {
        switch self {
        case .tcFromPort: WEIR_PROGRAM_TC_FROM_PORT
        case .tcToPort: WEIR_PROGRAM_TC_TO_PORT
        case .xdpFromPort: WEIR_PROGRAM_XDP_FROM_PORT
        case .xdpDispatched: WEIR_PROGRAM_XDP_ENTRY
        case .xskFromPort: WEIR_PROGRAM_XSK_FROM_PORT
        case .sentToPort: WEIR_PROGRAM_SENT_TO_PORT
        }
    }

    /// The first kernel with everything that the program takes: an atomic compare-and-exchange, pointers to memory as
    /// arguments of global functions, storage by task; for XDP `bpf_xdp_get_buff_len`.
    package var firstKernel: KernelVersion {
        switch self {
        case .tcFromPort, .tcToPort, .sentToPort: KernelVersion(5, 13)
        case .xdpFromPort, .xskFromPort, .xdpDispatched: KernelVersion(5, 18)
        }
    }

    /// Whether it is for a TC hook, not XDP.
    package var isTC: Bool { self == .tcFromPort || self == .tcToPort }

    /// Its object for tables of that engine.
    ///
    /// - Parameters:
    ///   - isJudged: whether it asks the policy.
    ///   - isOnLinks: whether ports share it that are attached by links, which stay on an interface that moves to another network
    ///     namespace. Of TC and XDP.
    func object(for engine: FlowEngine, isJudged: Bool, isOnLinks: Bool = false) -> [UInt8] {
        if isOnLinks, let object = linksObject(for: engine, isJudged: isJudged) { return object }
        return isJudged ? judgedObject(for: engine) : plainObject(for: engine)
    }

    private func linksObject(for engine: FlowEngine, isJudged: Bool) -> [UInt8]? {
        switch (self, engine) {
        case (.tcFromPort, .line), (.tcToPort, .line):
            isJudged ? EmbeddedObjects.tcLinePolicyLinks : EmbeddedObjects.tcLineLinks
        case (.tcFromPort, .perCPUHash), (.tcToPort, .perCPUHash):
            isJudged ? EmbeddedObjects.tcPercpuHashPolicyLinks : EmbeddedObjects.tcPercpuHashLinks
        case (.xdpFromPort, .line):
            isJudged ? EmbeddedObjects.xdpFromPortLinePolicyLinks : EmbeddedObjects.xdpFromPortLineLinks
        case (.xdpFromPort, .perCPUHash):
            isJudged ? EmbeddedObjects.xdpFromPortPercpuHashPolicyLinks : EmbeddedObjects.xdpFromPortPercpuHashLinks
        case (.xskFromPort, _), (.sentToPort, _), (.xdpDispatched, _): nil
        }
    }

    /// Whether all ports of a network namespace share the program. XDP is on links on every kernel, and needs those of TCX to tell
    /// interfaces that have moved.
    package var isShared: Bool { isTC || self == .xdpFromPort && TCHook.hasLinks }

    private func plainObject(for engine: FlowEngine) -> [UInt8] {
        switch (self, engine) {
        case (.tcFromPort, .line), (.tcToPort, .line): EmbeddedObjects.tcLine
        case (.tcFromPort, .perCPUHash), (.tcToPort, .perCPUHash): EmbeddedObjects.tcPercpuHash
        case (.xdpFromPort, .line): EmbeddedObjects.xdpFromPortLine
        case (.xdpFromPort, .perCPUHash): EmbeddedObjects.xdpFromPortPercpuHash
        case (.xdpDispatched, _): judgedObject(for: engine)
        case (.xskFromPort, .line): EmbeddedObjects.xskFromPortLine
        case (.xskFromPort, .perCPUHash): EmbeddedObjects.xskFromPortPercpuHash
        case (.sentToPort, .line): EmbeddedObjects.sentToPortLine
        case (.sentToPort, .perCPUHash): EmbeddedObjects.sentToPortPercpuHash
        }
    }

    private func judgedObject(for engine: FlowEngine) -> [UInt8] {
        switch (self, engine) {
        case (.tcFromPort, .line), (.tcToPort, .line): EmbeddedObjects.tcLinePolicy
        case (.tcFromPort, .perCPUHash), (.tcToPort, .perCPUHash): EmbeddedObjects.tcPercpuHashPolicy
        case (.xdpFromPort, .line): EmbeddedObjects.xdpFromPortLinePolicy
        case (.xdpFromPort, .perCPUHash): EmbeddedObjects.xdpFromPortPercpuHashPolicy
        case (.xdpDispatched, .line): EmbeddedObjects.xdpDispatchedLinePolicy
        case (.xdpDispatched, .perCPUHash): EmbeddedObjects.xdpDispatchedPercpuHashPolicy
        case (.xskFromPort, .line): EmbeddedObjects.xskFromPortLinePolicy
        case (.xskFromPort, .perCPUHash): EmbeddedObjects.xskFromPortPercpuHashPolicy
        case (.sentToPort, .line): EmbeddedObjects.sentToPortLinePolicy
        case (.sentToPort, .perCPUHash): EmbeddedObjects.sentToPortPercpuHashPolicy
        }
    }
}
