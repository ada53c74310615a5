// SPDX-License-Identifier: Apache-2.0

import BPF
import CHost
import CLibbpf
import FlowModel
import Glibc
import Host

/// What this kernel and this process may do, found out by trying, and what it means for measuring.
package struct KernelSurvey: Sendable {
    /// One thing that was tried.
    package struct Finding: Codable, Equatable, Sendable {
        /// What was looked at.
        package let subject: String
        package let isFine: Bool
        /// What was found.
        package let fact: String
        /// What follows from it; nil where all is well.
        package let consequence: String?

        package init(subject: String, isFine: Bool, fact: String, consequence: String?) {
            self.subject = subject
            self.isFine = isFine
            self.fact = fact
            self.consequence = consequence
        }
    }

    package let findings: [Finding]

    /// Whether ports can be measured at all.
    package var canMeasure: Bool { findings.allSatisfy { $0.isFine || !Self.essential.contains($0.subject) } }

    private static let essential: Set<String> = ["kernel", "capabilities", "bpffs", "programs", "preemption"]

    /// Looks and tries; attaches nothing and leaves nothing.
    package static func take(of directory: PinDirectory) -> KernelSurvey {
        var findings = [kernel, capabilities, bpffs(directory), preemption, gracePeriod]
        findings += programs
        findings += [dispatcher, afxdp]
        return KernelSurvey(findings: findings)
    }
}

extension KernelSurvey {
    private static var kernel: Finding {
        let running = KernelVersion.running
        let isOld = running.map { $0 < KernelVersion.oldest } ?? false
        return Finding(
            subject: "kernel", isFine: !isOld, fact: running.map { "\($0)" } ?? "of unknown version",
            consequence: isOld ? "no port can be measured: Weir needs \(KernelVersion.oldest)" : nil)
    }

    private static var capabilities: Finding {
        let missing = Capability.missing.map(\.name)
        return Finding(
            subject: "capabilities", isFine: missing.isEmpty,
            fact: missing.isEmpty ? "all that are needed are there" : "\(missing.joined(separator: ", ")) missing",
            consequence: missing.isEmpty ? nil : "no port can be attached: run as root or grant them")
    }

    private static func bpffs(_ directory: PinDirectory) -> Finding {
        let isMounted = unsafe weir_is_bpffs(directory.existingAncestor) == 1
        return Finding(
            subject: "bpffs", isFine: isMounted || directory.isBelowStandardMount,
            fact: isMounted ? "mounted, pins go to \(directory.base)" : "not mounted at \(directory.existingAncestor)",
            consequence: isMounted
                ? nil
                : directory.isBelowStandardMount
                    ? "it is mounted at the first attach" : "no port can be attached: mount -t bpf bpf DIRECTORY")
    }

    private static var preemption: Finding {
        let isRealtime = Preemption.isRealtime()
        return Finding(
            subject: "preemption", isFine: !isRealtime, fact: isRealtime ? "PREEMPT_RT" : "not PREEMPT_RT",
            consequence: isRealtime ? "no port is measured: counts could be lost between a CPU's programs" : nil)
    }

    private static var gracePeriod: Finding {
        do throws(KernelError) {
            let means = try GracePeriod().means
            return Finding(
                subject: "grace period", isFine: true,
                fact: means == .membarrier ? "membarrier" : "update of a map in a map (membarrier is refused)",
                consequence: nil)
        } catch {
            return Finding(
                subject: "grace period", isFine: false, fact: "\(error)",
                consequence: "windows cannot be closed exactly")
        }
    }

    private static var programs: [Finding] {
        do throws(KernelError) {
            let tables = try FlowTables.create(try TableRequest(flowBudget: 1).geometry())
            let port = try tables.maps.addWithoutInterface(PortNumber(1), role: .guest)
            var sizes: [String] = []
            for kind in ProgramKind.ofNetworkHooks + (try SentFrames.areAllowed() ? [.sentToPort] : []) {
                let size = try (kind.isShared ? tables.loadShared(kind, for: port) : tables.load(kind, for: port)).size
                sizes.append("\(kind.name) \(size.instructions) instructions, \(size.verified) verified")
            }
            let loaded = Finding(
                subject: "programs", isFine: true, fact: sizes.joined(separator: "; "), consequence: nil)
            return [loaded, tcx]
        } catch {
            return [
                Finding(
                    subject: "programs", isFine: false, fact: "\(error)", consequence: "no port can be measured here")
            ]
        }
    }

    /// Puts a program in the place of a function of another.
    private static var dispatcher: Finding {
        let isAllowed = Freplace.isAllowed
        return Finding(
            subject: "dispatcher", isFine: true,
            fact: isAllowed ? "XDP programs can share an interface" : "XDP programs cannot share an interface",
            consequence: isAllowed ? nil : "--hook xdp is refused where another XDP program is")
    }

    /// Makes a map of sockets, and looks for switches that would use one.
    private static var afxdp: Finding {
        do throws(KernelError) {
            _ = try SocketMap.hasSocket(
                try BPFMap.create(
                    MapLayout(
                        name: SocketMap.name, type: BPF_MAP_TYPE_XSKMAP, keySize: 4, valueSize: 4, maxEntries: 1)))
            let users = try LibxdpUser.all()
            return Finding(
                subject: "af_xdp", isFine: users.allSatisfy(\.adopts), fact: fact(of: users),
                consequence: try SentFrames.areAllowed()
                    ? nil
                    : "of AF_XDP ports (--hook xsk) only frames from the guest are observed: nothing can be traced")
        } catch {
            return Finding(
                subject: "af_xdp", isFine: false, fact: "\(error)", consequence: "no AF_XDP port can be measured here")
        }
    }

    private static func fact(of users: [LibxdpUser]) -> String {
        guard !users.isEmpty else { return "sockets are known; no process here uses libxdp" }
        let names = users.map { user in
            "\(user.name) (pid \(user.pid)) uses libxdp \(user.version ?? "of unknown version")"
                + (user.adopts ? "" : ", which adopts no program that is there")
        }
        return names.joined(separator: "; ")
    }

    private static var tcx: Finding {
        let isKnown = TCHook.hasLinks
        return Finding(
            subject: "tcx", isFine: true, fact: isKnown ? "taps, veths and NICs by TCX links" : "no TCX (before 6.6)",
            consequence: isKnown ? nil : "filters of the clsact qdisc are used instead")
    }
}
