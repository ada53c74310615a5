// SPDX-License-Identifier: Apache-2.0

import Glibc

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

    /// What attaching and measuring take: programs and maps, interfaces, and reads of kernel memory by programs.
    package static let required: [Capability] = [.bpf, .netAdmin, .perfmon]

    /// Those of the required ones that this process does not have. CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON.
    package static var missing: [Capability] {
        let effective = effectiveSet
        let isAdmin = effective.contains(.sysAdmin)
        return required.filter { !effective.contains($0) && !(isAdmin && $0 != .netAdmin) }
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

    private static var effectiveSet: Set<Capability> {
        let status = (try? ProcFile.read("/proc/thread-self/status")) ?? ""
        for line in status.split(separator: "\n") where line.hasPrefix("CapEff:") {
            let digits = line.dropFirst("CapEff:".count).drop { $0 == "\t" || $0 == " " }
            let bits = UInt64(digits, radix: 16) ?? 0
            return Set(allCases.filter { bits >> UInt64($0.rawValue) & 1 == 1 })
        }
        return []
    }
}
