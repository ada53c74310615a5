// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowKernel
import FlowModel
package import Host
import HostVerdicts
import WeirConfiguration

/// Looks whether ports, and the policy on them, are what they should be, and mends what is not.
extension PortKeeper {
    /// Mends what was taken away of ports and of what they share, and closes ports whose end no news of interfaces tells of: an
    /// attacher that died, an interface of another namespace that was deleted.
    ///
    /// Throws where what all ports share cannot be pinned again: it would be lost when this process ends.
    package mutating func review() throws(KernelError) -> PortChanges {
        var changes = PortChanges()
        changes.pinned = try installation.pinAgain()
        try takeLockAgain()
        do throws(KernelError) {
            try review(&changes)
        } catch {
            changes.refused.append(error)
        }
        for (index, refusal) in refusals where refusal.mayPass { plan.retry(index) }
        for (number, port) in unenforced { try enforceAgain(port, number) }
        return changes
    }

    /// What the kernel does not tell of may go unnoticed for so long: 3 s, or with more than 600 interfaces 5 ms for each, so that
    /// reviews take some five-hundredth of a core at most.
    var reviewPeriod: Duration {
        guard refusals.isEmpty else { return .seconds(3) }
        return max(.seconds(3), min(.milliseconds(5) * plan.interfaceCount, .seconds(15)))
    }

    /// A port under a new name has what the policy says of that name.
    mutating func enforce(_ port: RegisteredPort, as name: String, _ changes: inout PortChanges) {
        do {
            if let note = try policy.follow(port, to: name, in: installation) { changes.policyNotes.append(note) }
        } catch {
            unenforced[port.number] = port
            changes.policyFailures.append(
                """
                \(name): what the policy says of this name cannot be put in force: \(error); what was in force for \
                \(port.name) stays, and Weir tries again every few seconds
                """)
        }
    }

    private mutating func enforceAgain(_ port: RegisteredPort, _ number: PortNumber) throws(KernelError) {
        guard let current = try installation.tables.maps.registeredPort(number), current.attached == port.attached,
            !current.isClosing
        else {
            unenforced[number] = nil
            return
        }
        do {
            _ = try policy.follow(port, to: current.name, in: installation)
            unenforced[number] = nil
        } catch {
            // It was said.
        }
    }

    private mutating func takeLockAgain() throws(KernelError) {
        let current = installation.directory.baseInode
        guard current != base else { return }
        lock = try DaemonLock.take(installation.directory)
        base = current
    }

    private mutating func review(
        _ changes: inout PortChanges, closingIf isReplaced: (RegisteredPort) -> Bool = { _ in false }
    ) throws(KernelError) {
        let review = try installation.review(inspection, closingIf: isReplaced)
        changes.gone += review.gone
        changes.replaced += review.replaced
        changes.mended += review.mended
        for failure in review.unmended {
            let text = "\(failure.error)"
            guard unmended.updateValue(text, forKey: failure.finding.port.number) != text else { continue }
            changes.unmended.append(failure)
        }
        let numbers = Set(review.unmended.map(\.finding.port.number))
        unmended = unmended.filter { numbers.contains($0.key) }
    }

    /// Ports that are attached and not as they should be, and why.
    var impaired: [CoverageReport.Impaired] {
        let broken = inspection.broken
        guard !broken.isEmpty || !unenforced.isEmpty, let ports = try? installation.attachedPorts() else { return [] }
        return ports.compactMap { port in
            let open = unenforced[port.number].map { _ in "the policy of this name cannot be put in force" }
            let reason = unmended[port.number] ?? broken[port.number] ?? open
            return reason.map { CoverageReport.Impaired(port: port.name, reason: $0) }
        }
    }

    /// Closes ports that have died unnoticed, and mends those that have lost something. One that has lost all programs gives way to
    /// a new port, where that is to be attached: whether its interface is the same one is not known.
    mutating func reviewListed(_ changes: inout PortChanges) throws(KernelError) {
        let namespace = try NetworkInterface.currentNamespace()
        let (gone, replaced) = (changes.gone.count, changes.replaced.count)
        let configuration = configuration
        try review(&changes) { configuration.rule(forPort: $0.name)?.isMeasured == true }
        for port in changes.gone[gone...] + changes.replaced[replaced...] where port.isIn(namespace) {
            plan.forget(port.interfaceIndex)
        }
    }
}
