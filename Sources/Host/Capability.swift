// SPDX-License-Identifier: Apache-2.0

import CHost

/// A capability that measuring needs (capabilities(7)).
package enum Capability: Int, CaseIterable, Sendable {
    case netAdmin = 12
    case sysAdmin = 21
    case perfmon = 38
    case bpf = 39

    package var name: String {
        switch self {
        case .netAdmin: "CAP_NET_ADMIN"
        case .sysAdmin: "CAP_SYS_ADMIN"
        case .perfmon: "CAP_PERFMON"
        case .bpf: "CAP_BPF"
        }
    }

    /// Its place in a set.
    package var bit: UInt64 { 1 << UInt64(rawValue) }

    /// Whether this thread may use it, whether it is in force or not.
    package static func isPermitted(_ capability: Capability) -> Bool {
        CapabilitySets.ofThread.permitted & capability.bit != 0
    }

    /// What attaching and measuring take: programs and maps, interfaces, and pointers that the verifier must let pass.
    package static let required: [Capability] = [.bpf, .netAdmin, .perfmon]

    /// Those of the required ones that this thread may not use. CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON.
    package static var missing: [Capability] {
        let permitted = CapabilitySets.ofThread.permitted
        let isAdmin = permitted & sysAdmin.bit != 0
        return required.filter { permitted & $0.bit == 0 && !(isAdmin && $0 != .netAdmin) }
    }

    /// "CAP_BPF is missing: …", or nil if nothing is.
    package static var missingSentence: String? {
        let names = missing.map(\.name)
        guard !names.isEmpty else { return nil }
        return "\(names.joined(separator: " and ")) \(names.count == 1 ? "is" : "are") missing: run as root or grant it"
    }

    /// Throws where a required capability is missing, before anything is changed.
    package static func require(for purpose: String) throws(KernelError) {
        let names = missing.map(\.name)
        guard !names.isEmpty else { return }
        throw KernelError(
            .notPermitted, "cannot \(purpose)",
            cause: "\(names.joined(separator: " and ")) \(names.count == 1 ? "is" : "are") missing",
            remedy: "run as root, or grant \(names.count == 1 ? "it" : "them") (systemd: AmbientCapabilities=)")
    }
}
