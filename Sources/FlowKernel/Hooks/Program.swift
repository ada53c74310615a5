// SPDX-License-Identifier: Apache-2.0

package import BPF
import CHost
import CWeirABI
import FlowModel
package import Host

/// Owns a loaded program.
package struct Program: ~Copyable, Sendable {
    package let loaded: BPFProgram
    package let kind: ProgramKind
    /// Whether it asks the policy.
    package let use: ProgramUse
    package var size: ProgramSize { loaded.size }

    /// Loads the program of an object that `open` has made ready. The verifier takes some milliseconds.
    static func load(
        _ kind: ProgramKind, _ object: borrowing BPFObject, use: ProgramUse
    ) throws(KernelError) -> Program {
        do throws(KernelError) {
            try object.load()
        } catch {
            if let running = KernelVersion.running, let old = KernelError(tooOld: running, for: kind) { throw old }
            throw error
        }
        return Program(loaded: try object.takeProgram(named: kind.name), kind: kind, use: use)
    }

    /// Makes its object ready to be loaded on the shared maps.
    static func open(
        _ kind: ProgramKind, _ object: [UInt8], _ configuration: weir_program_config, use: ProgramUse,
        maps: borrowing FlowMaps
    ) throws(KernelError) -> BPFObject {
        let object = try BPFObject(object, named: kind.name)
        try object.keepOnly(program: kind.name)
        try object.setInitialValue(configuration, of: configurationSection)
        try maps.share(with: object, kind)
        if use.asksPolicy { try maps.sharePolicy(with: object) }
        if kind.canCopy { try maps.share(with: object, kind, copying: use.copying) }
        return object
    }

    /// What the object calls what is fixed when a program is loaded.
    private static let configurationSection = ".rodata.weir"
}

extension Program {
    /// Runs the program on a frame; see `BPFProgram.run`.
    package func run(
        on frame: [UInt8], context: TestRunContext? = nil, repeating count: Int = 1
    ) throws(KernelError) -> Int32 {
        try loaded.run(on: frame, context: context, repeating: count)
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

extension KernelVersion {
    /// The first with what Weir's programs on TC need.
    package static let oldest = ProgramKind.tcFromPort.firstKernel

    /// Throws where the kernel is older than Weir can work on.
    package static func require() throws(KernelError) {
        guard let running, running < oldest else { return }
        throw KernelError(
            .unsupported, "Weir does not work on this kernel", cause: "it is \(running), and Weir needs \(oldest)",
            remedy: "use a newer kernel")
    }
}
