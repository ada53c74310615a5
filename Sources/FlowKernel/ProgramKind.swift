// SPDX-License-Identifier: Apache-2.0

import CWeirABI

/// One of the compiled programs.
package enum ProgramKind: Sendable, CaseIterable {
    case tcFromPort
    case tcToPort
    case xdpFromPort
    case xskFromPort
    case sentToPort
    /// `xdpFromPort` as libxdp's dispatcher calls it: always one that asks the policy.
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
    /// - Parameter isJudged: whether it is for a port with a policy.
    func object(for engine: FlowEngine, isJudged: Bool) -> [UInt8] {
        isJudged ? judgedObject(for: engine) : plainObject(for: engine)
    }

    private func plainObject(for engine: FlowEngine) -> [UInt8] {
        switch (self, engine) {
        case (.tcFromPort, .line): EmbeddedObjects.tcFromPortLine
        case (.tcFromPort, .perCPUHash): EmbeddedObjects.tcFromPortPercpuHash
        case (.tcToPort, .line): EmbeddedObjects.tcToPortLine
        case (.tcToPort, .perCPUHash): EmbeddedObjects.tcToPortPercpuHash
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
        case (.tcFromPort, .line): EmbeddedObjects.tcFromPortLinePolicy
        case (.tcFromPort, .perCPUHash): EmbeddedObjects.tcFromPortPercpuHashPolicy
        case (.tcToPort, .line): EmbeddedObjects.tcToPortLinePolicy
        case (.tcToPort, .perCPUHash): EmbeddedObjects.tcToPortPercpuHashPolicy
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
