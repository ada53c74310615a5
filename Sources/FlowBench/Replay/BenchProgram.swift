// SPDX-License-Identifier: Apache-2.0

package import BPF
import FlowKernel
package import Host

/// The programs of `bpf/bench`.
package enum BenchProgram: String, Sendable {
    /// Rewrites the frame and calls the program under test.
    case replay
    case empty
    case parseOnly = "parse only"
    case cacheMiss = "cache miss"
    case reference

    /// Opens the object that has the program for that hook; nothing is loaded yet.
    package func open(for type: BPFProgramType) throws(KernelError) -> BPFObject {
        let object = try BPFObject(bytes(for: type), named: "\(rawValue) (\(type.rawValue))")
        try object.keepOnly(section: type.rawValue)
        return object
    }

    /// Loads a program that has no maps of interest.
    package func load(for type: BPFProgramType) throws(KernelError) -> BPFProgram {
        let object = try open(for: type)
        try object.load()
        return try object.program(inSection: type.rawValue)
    }

    private func bytes(for type: BPFProgramType) -> [UInt8] {
        switch self {
        case .replay: EmbeddedObjects.replay
        case .empty: EmbeddedObjects.empty
        case .parseOnly: type == .tc ? EmbeddedObjects.parseOnlyTc : EmbeddedObjects.parseOnlyXdp
        case .cacheMiss: EmbeddedObjects.cacheMiss
        case .reference: EmbeddedObjects.reference
        }
    }
}
