// SPDX-License-Identifier: Apache-2.0

import CHost
import CWeirABI
import FlowModel

/// Owns a program that is loaded for one port: a copy with the port's number and role baked in.
package struct Program: ~Copyable {
    package let loaded: BPFProgram
    package let kind: ProgramKind
    /// Whether it asks the policy.
    package let isJudged: Bool
    package var size: ProgramSize { loaded.size }

    /// Loads the program on the shared maps. The verifier takes some milliseconds.
    ///
    /// - Parameter images: is given the program's, so that the next port's copy is made from it.
    static func load(
        _ kind: ProgramKind, _ configuration: weir_port_config, for port: RegisteredPort, isJudged: Bool,
        maps: borrowing FlowMaps, images: ProgramImages
    ) throws(KernelError) -> Program {
        weir_keep_program_images()
        let object = try open(kind, configuration, for: port, isJudged: isJudged, maps: maps)
        do throws(KernelError) {
            try object.load()
        } catch {
            if let running = KernelVersion.running, let old = KernelError(tooOld: running, for: kind) { throw old }
            throw error
        }
        let program = Program(loaded: try object.takeProgram(named: kind.name), kind: kind, isJudged: isJudged)
        if let image = ProgramImage(ofLastLoaded: object, kind, isJudged: isJudged) { images[kind, isJudged] = image }
        return program
    }

    /// Its object, made ready to be loaded on the shared maps.
    static func open(
        _ kind: ProgramKind, _ configuration: weir_port_config, for port: RegisteredPort, isJudged: Bool,
        maps: borrowing FlowMaps
    ) throws(KernelError) -> BPFObject {
        guard let engine = FlowEngine(abi: configuration.table.engine) else {
            throw KernelError(.invalid, "cannot load the program \(kind.name)", cause: "its tables have no engine")
        }
        let object = try BPFObject(kind.object(for: engine, isJudged: isJudged), named: kind.name)
        try object.setInitialValue(configuration, of: ProgramConfiguration.section)
        try maps.share(with: object, kind, port: port)
        if isJudged { try maps.sharePolicy(with: object, port: port) }
        if kind == .xskFromPort { try maps.shareSockets(with: object, port: port) }
        if kind == .xdpDispatched { try object.reuse(maps.claimed) }
        return object
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
