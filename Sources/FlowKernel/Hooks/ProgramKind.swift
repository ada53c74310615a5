// SPDX-License-Identifier: Apache-2.0

import CWeirABI
package import FlowModel
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

    /// Whether there are programs of that kind that sample and copy, with the line engine.
    package var canCopy: Bool { self != .xdpDispatched }

    /// Whether it is for a TC hook, not XDP.
    package var isTC: Bool { self == .tcFromPort || self == .tcToPort }

    /// Whether all ports of a network namespace share the program. XDP is on links on every kernel, and needs those of TCX to tell
    /// interfaces that have moved.
    package var isShared: Bool { isTC || self == .xdpFromPort && TCHook.hasLinks }

    /// What its source is called, below bpf/.
    fileprivate var source: String {
        switch self {
        case .tcFromPort, .tcToPort: "tc"
        case .xdpFromPort: "xdp_from_port"
        case .xskFromPort: "xsk_from_port"
        case .sentToPort: "sent_to_port"
        case .xdpDispatched: "xdp_dispatched"
        }
    }
}

/// Which of the objects that a source is compiled to: the build makes one for each choice, and names it by them (`variants` of
/// Plugins/BPFObjects).
package struct ProgramOptions: Hashable, Sendable {
    package var kind: ProgramKind
    package var engine: FlowEngine
    package var use: ProgramUse
    /// Whether ports share it that are attached by links, which stay on an interface that moves to another network namespace. Of TC
    /// and XDP; of others it says nothing.
    package var isOnLinks: Bool

    package init(_ kind: ProgramKind, for engine: FlowEngine, use: ProgramUse, isOnLinks: Bool = false) {
        self.kind = kind
        self.engine = engine
        self.use = ProgramUse(
            asksPolicy: use.asksPolicy || kind == .xdpDispatched,
            copying: engine == .line && kind.canCopy ? use.copying : .nothing)
        self.isOnLinks = isOnLinks && (kind.isTC || kind == .xdpFromPort)
    }

    /// As the build calls the object: `tc_line_policy_links`.
    package var objectName: String {
        "\(kind.source)_\(engine.objectName)\(use.suffix)\(isOnLinks ? "_links" : "")"
    }

    var object: [UInt8] {
        guard let object = EmbeddedObjects.object(named: objectName) else {
            preconditionFailure("no object was built as \(objectName)")
        }
        return object
    }

    /// Whether the build has made such an object.
    package var isBuilt: Bool { EmbeddedObjects.object(named: objectName) != nil }
}

extension ProgramUse {
    fileprivate var suffix: String { (asksPolicy ? "_policy" : "") + copying.suffix }
}

extension ProgramUse.Copying {
    fileprivate var suffix: String {
        switch self {
        case .nothing: ""
        case .samples: "_samples"
        case .frames: "_copies"
        }
    }
}

extension FlowEngine {
    fileprivate var objectName: String {
        switch self {
        case .line: "line"
        case .perCPUHash: "percpu_hash"
        }
    }
}
