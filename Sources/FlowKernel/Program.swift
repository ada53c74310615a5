// SPDX-License-Identifier: Apache-2.0

import CHost
import CWeirABI
import FlowModel

/// One of the compiled programs.
package enum ProgramKind: Sendable, CaseIterable {
    case tcFromPort
    case tcToPort
    case xdpFromPort
    case xskFromPort
    case sentToPort
    /// `xdpFromPort` as an entry in libxdp's dispatcher calls it.
    case xdpDispatched

    /// Those that every kernel loads, each once: not what traces the kernel, nor the one that is another in another section.
    package static let ofNetworkHooks = allCases.filter { $0 != .sentToPort && $0 != .xdpDispatched }

    package var name: String {
        switch self {
        case .tcFromPort: WEIR_PROGRAM_TC_FROM_PORT
        case .tcToPort: WEIR_PROGRAM_TC_TO_PORT
        case .xdpFromPort, .xdpDispatched: WEIR_PROGRAM_XDP_FROM_PORT
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

    fileprivate func object(for engine: FlowEngine) -> [UInt8] {
        switch (self, engine) {
        case (.tcFromPort, .line): EmbeddedObjects.tcFromPortLine
        case (.tcFromPort, .perCPUHash): EmbeddedObjects.tcFromPortPercpuHash
        case (.tcToPort, .line): EmbeddedObjects.tcToPortLine
        case (.tcToPort, .perCPUHash): EmbeddedObjects.tcToPortPercpuHash
        case (.xdpFromPort, .line): EmbeddedObjects.xdpFromPortLine
        case (.xdpFromPort, .perCPUHash): EmbeddedObjects.xdpFromPortPercpuHash
        case (.xdpDispatched, .line): EmbeddedObjects.xdpDispatchedLine
        case (.xdpDispatched, .perCPUHash): EmbeddedObjects.xdpDispatchedPercpuHash
        case (.xskFromPort, .line): EmbeddedObjects.xskFromPortLine
        case (.xskFromPort, .perCPUHash): EmbeddedObjects.xskFromPortPercpuHash
        case (.sentToPort, .line): EmbeddedObjects.sentToPortLine
        case (.sentToPort, .perCPUHash): EmbeddedObjects.sentToPortPercpuHash
        }
    }
}

/// Owns a program that is loaded for one port: a copy with the port's number and role baked in.
package struct Program: ~Copyable {
    package let loaded: BPFProgram
    package let kind: ProgramKind
    package var size: ProgramSize { loaded.size }

    /// Loads the program on the shared maps. The verifier takes some milliseconds.
    ///
    /// - Parameter images: is given the program's, so that the next port's copy is made from it.
    static func load(
        _ kind: ProgramKind, _ configuration: weir_port_config, for port: RegisteredPort, maps: borrowing FlowMaps,
        images: ProgramImages
    ) throws(KernelError) -> Program {
        guard let engine = FlowEngine(abi: configuration.table.engine) else {
            throw KernelError(.invalid, "cannot load the program \(kind.name)", cause: "its tables have no engine")
        }
        weir_keep_program_images()
        let object = try BPFObject(kind.object(for: engine), named: kind.name)
        try object.setInitialValue(configuration, of: ProgramConfiguration.section)
        try maps.share(with: object, kind, port: port)
        if kind == .xskFromPort { try maps.shareSockets(with: object, port: port) }
        if kind == .xdpDispatched { try object.prepareForTailCall(of: kind.name) }
        do throws(KernelError) {
            try object.load()
        } catch {
            if let running = KernelVersion.running, let old = KernelError(tooOld: running, for: kind) { throw old }
            throw error
        }
        let program = Program(loaded: try object.takeProgram(named: kind.name), kind: kind)
        if let image = ProgramImage(ofLastLoaded: object, kind) { images[kind] = image }
        return program
    }
}

extension KernelError {
    /// The refusal of a program by a kernel that lacks a helper which it calls; nil where the kernel has them all.
    package init?(tooOld running: KernelVersion, for kind: ProgramKind) {
        guard running < kind.firstKernel else { return nil }
        self.init(
            .unsupported, "cannot load the program \(kind.name)",
            cause:
                "this kernel is too old: it is \(running), \(kind.isTC ? "Weir" : "the XDP hook") needs \(kind.firstKernel)",
            remedy: [.xdpFromPort, .xdpDispatched].contains(kind)
                ? "use --hook tc, or a newer kernel" : "use a newer kernel")
    }
}
