// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import Host
import HostVerdicts
import PortDirectory
import WeirConfiguration

/// Attaches interfaces, some at a time, and remembers those that cannot be.
extension PortKeeper {
    /// Attaches some of the interfaces that have come.
    mutating func attachWaiting(_ changes: inout PortChanges) throws(KernelError) {
        if configuration.expeditesRCU, hurry == nil { hurry = ExpeditedGracePeriods.begin(for: plan.waitingCount) }
        attachSome(&changes)
        if !hasWork { hurry = nil }
        if !changes.attached.isEmpty {
            try takeNotes(&changes)
            followTaps(isChanged: true)
        }
        isBegun = isBegun || isListed && !hasWork
    }

    private mutating func attachSome(_ changes: inout PortChanges) {
        let room = DescriptorLimit.attachable(atMost: hurry == nil ? Self.batch : Self.hurriedBatch)
        if room == 0 { return withholdWaiting(&changes) }
        let requests = plan.takeWaiting(atMost: room).map { AttachRequest($0, options(for: $0)) }
        guard !requests.isEmpty else { return }
        do throws(KernelError) {
            for (request, outcome) in zip(requests, try attach(requests, &changes)) {
                if outcome.refusal(of: request.interface) == nil { refusals[request.interface.index] = nil }
                switch outcome {
                case .attached(let port): changes.attached.append(port)
                case .isAttached: break
                case .mended(let finding):
                    changes.mended.append(PortReview.Mending(finding: finding, mended: ClockAnchor.now.realtime))
                case .isGone:
                    plan.forget(request.interface.index)
                    refusals[request.interface.index] = nil
                case .refused(let error): refuse(request.interface, error, &changes)
                case .withheld(let error): withhold(request.interface, error, &changes)
                }
            }
        } catch {
            guard error.isOutOfDescriptors else { return changes.refused.append(error) }
            for request in requests {
                withhold(request.interface, .outOfDescriptors(attaching: request.interface.name), &changes)
            }
        }
    }

    /// No descriptors are left for what waits.
    private mutating func withholdWaiting(_ changes: inout PortChanges) {
        for interface in plan.takeWaiting(atMost: .max) {
            withhold(interface, .outOfDescriptors(attaching: interface.name), &changes)
        }
    }

    /// With the policy and the tap sessions that they are to have from the first frame on.
    private mutating func attach(
        _ requests: [AttachRequest], _ changes: inout PortChanges
    ) throws(KernelError) -> [AttachOutcome] {
        var taps = taps
        let (outcomes, failure) = policy.attach(requests, to: installation) { requests in
            Result { () throws(KernelError) in
                try installation.attach(requests) { begun in prepare(&taps, for: begun) }
            }
        }
        self.taps = taps
        if let failure { changes.policyFailures.append(failure) }
        return try outcomes.get()
    }

    /// One that the switch is changing is tried again, and what is last said of it counts.
    private mutating func refuse(
        _ interface: NetworkInterface, _ error: KernelError, _ changes: inout PortChanges
    ) {
        if plan.postpone(interface.index) {
            resumption = .now + Self.postponement
        } else {
            refusals[interface.index] = Refusal(name: interface.name, reason: error, mayPass: false)
            changes.refused.append(error)
        }
    }

    /// It is tried again with every review, and said once.
    private mutating func withhold(
        _ interface: NetworkInterface, _ error: KernelError, _ changes: inout PortChanges
    ) {
        let refusal = Refusal(name: interface.name, reason: error, mayPass: true)
        let before = refusals.updateValue(refusal, forKey: interface.index)
        guard before?.reason != error else { return }
        changes.withheld.append(PortChanges.Withheld(name: interface.name, reason: error))
    }

    /// What the configuration says counts for more than what the switch does.
    private func options(for interface: NetworkInterface) -> AttachOptions {
        let rule = configuration.rule(forPort: interface.name)?.attach
        guard var options = plan.way(of: interface.index)?.attachOptions else { return rule ?? AttachOptions() }
        guard let rule else { return options }
        options.role = rule.role
        return rule.hook == .auto ? options : rule
    }
}
