// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
import FlowModel
package import Host
package import PortDirectory
package import WeirConfiguration

/// Keeps the ports that are measured in step with the configuration, with the interfaces of this thread's network
/// namespace, which the kernel tells of, and with what directories say of interfaces.
///
/// Used from one thread at a time, always in the same namespace.
package struct PortKeeper: ~Copyable {
    package private(set) var installation: Installation
    private let inspection: PortInspection
    private var configuration: Configuration
    private var policy: PolicyKeeper
    private var monitor: InterfaceMonitor
    var plan: PortPlan
    /// Whether the first list of interfaces has come.
    private var isListed = false
    /// Whether all ports are attached that were there at the start and that the configuration names: those that directories
    /// list come after.
    package private(set) var isBegun = false
    let directory: MergedDirectory
    let notes: PortNotes?
    /// Of what the directories have said.
    var version = 0
    /// What was said of ports that cannot be mended.
    private var unmended: [PortNumber: String] = [:]
    /// Why interfaces could not be attached, by their indices.
    private var refusals: [UInt32: Refusal] = [:]
    /// Ports whose policy is not in force under the name that they have now, as they were called before.
    private var unenforced: [PortNumber: RegisteredPort] = [:]
    /// The directory that the daemon's lock is on, and the lock on the one that was made in its place.
    private var base: UInt64
    private var lock: DaemonLock?
    /// When what was postponed is tried again.
    private var resumption = ContinuousClock.now

    private static let postponement = Duration.milliseconds(250)

    private struct Refusal {
        let name: String
        let reason: KernelError
        /// Whether it is tried again.
        let mayPass: Bool
    }

    /// Interfaces attached at one go: others that want to attach or detach wait as long.
    private static let batch = 16
    /// The same while the kernel does not wait.
    private static let hurriedBatch = 128
    /// While many interfaces wait.
    private var hurry: ExpeditedGracePeriods?

    /// - Parameters:
    ///   - room: for unread messages of the kernel, in bytes.
    ///   - directory: those that list interfaces, besides the configuration's rules.
    ///   - notes: what it has said of ports.
    package init(
        installation: consuming Installation, configuration: Configuration, room: Int = InterfaceMonitor.usualRoom,
        directory: MergedDirectory = MergedDirectory([]), notes: PortNotes? = nil, inspection: PortInspection? = nil
    ) throws(KernelError) {
        base = installation.directory.baseInode
        self.inspection = inspection ?? PortInspection(installation.directory)
        monitor = try InterfaceMonitor(room: room)
        plan = PortPlan(RuleDirectory(configuration).rules)
        self.directory = directory
        self.notes = notes
        self.installation = installation
        self.configuration = configuration
        policy = PolicyKeeper(configuration)
    }

    /// Attaches every port that is there and that the configuration names; ports that are attached already are adopted.
    ///
    /// Throws where a port cannot be attached, and detaches those it had attached.
    package mutating func attachAll() throws(KernelError) -> [RegisteredPort] {
        var attached: [RegisteredPort] = []
        do throws(KernelError) {
            let bell = try Bell()
            while !isBegun {
                waitForList(or: bell)
                let changes = try follow()
                attached += changes.attached
                if let error = changes.refused.first { throw error }
            }
        } catch {
            for port in attached { try? installation.detach(port) }
            throw error
        }
        return attached
    }

    /// Waits a little for the first list of interfaces, where it has not come yet.
    func waitForList(or bell: borrowing Bell) {
        if !isListed { bell.wait(atMost: .seconds(1), orFor: monitor) }
    }

    /// Interfaces that are to be attached.
    var waitingCount: Int { plan.waitingCount }

    /// Why ports could not be attached, by their names.
    var refused: [String: String] {
        Dictionary(refusals.values.map { ($0.name, $0.reason.description) }) { $1 }
    }

    /// Patterns of ports to be measured that decide about no interface that there is.
    var unmatchedPatterns: [String] {
        let deciding = Set(plan.names.compactMap { configuration.rule(forPort: $0)?.pattern.text })
        return configuration.ports.filter { $0.isMeasured && !deciding.contains($0.pattern.text) }.map(\.pattern.text)
    }

    /// Whether there is something to do although nothing happens.
    package var hasWork: Bool { plan.hasWaiting }

    /// Rings the bell whenever a directory has said something.
    package func onDirectoryNews(_ ring: @escaping @Sendable () -> Void) { directory.onChange(ring) }

    /// Carries out what has happened since the last call, and attaches some of the interfaces that have come. Does not wait
    /// for anything to happen.
    package mutating func follow() throws(KernelError) -> PortChanges {
        var changes = PortChanges()
        try hear(&changes)
        try attachWaiting(&changes)
        return changes
    }

    /// Carries out what has happened, but attaches nothing.
    mutating func hear(_ changes: inout PortChanges) throws(KernelError) {
        let losses = monitor.losses
        let news = try monitor.news()
        changes.hasLostEvents = monitor.losses != losses
        try carryOut(news, &changes)
        if isBegun { try followDirectory(&changes) }
        if plan.hasPostponed, ContinuousClock.now >= resumption { plan.resume() }
    }

    /// Attaches some of the interfaces that have come.
    mutating func attachWaiting(_ changes: inout PortChanges) throws(KernelError) {
        if configuration.expeditesRCU, hurry == nil { hurry = ExpeditedGracePeriods.begin(for: plan.waitingCount) }
        attachSome(&changes)
        if !hasWork { hurry = nil }
        if !changes.attached.isEmpty { try takeNotes(&changes) }
        isBegun = isBegun || isListed && !hasWork
    }

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

    /// Waits until there is news, the bell rings, or the time is over.
    package func wait(atMost duration: Duration, or bell: borrowing Bell) {
        let limit = plan.hasPostponed ? min(duration, ContinuousClock.now.duration(to: resumption)) : duration
        bell.wait(atMost: max(limit, .zero), orFor: monitor)
    }
}

extension PortKeeper {
    private mutating func carryOut(_ news: [InterfaceFeed.News], _ changes: inout PortChanges) throws(KernelError) {
        // Ports are closed together: to find those of an index is to read the register.
        var actions: [PortPlan.Action] = []
        for item in news { actions += try self.actions(item, &changes) }
        try carryOut(actions, &changes)
    }

    mutating func carryOut(_ actions: [PortPlan.Action], _ changes: inout PortChanges) throws(KernelError) {
        // Ports are closed together: to find those of an index is to read the register.
        var gone: Set<UInt32> = []
        var released: Set<UInt32> = []
        var dropped: Set<UInt32> = []
        for action in actions {
            switch action {
            case .close(let index):
                gone.insert(index)
                refusals[index] = nil
            case .release(let index): released.insert(index)
            case .drop(let index): dropped.insert(index)
            case .rename(let interface):
                close(&gone, &changes)
                rename(interface, &changes)
            }
        }
        close(&gone, &changes)
        try release(released, &changes)
        changes.dropped += try detach(dropped, &changes)
    }

    private mutating func actions(
        _ news: InterfaceFeed.News, _ changes: inout PortChanges
    ) throws(KernelError) -> [PortPlan.Action] {
        switch news {
        case .changed(let event): return plan.take(event)
        case .listed(let interfaces):
            isListed = true
            try reviewListed(&changes)
            let ports = try installation.portsHere()
            let kinds = interfaces.compactMap { facts in facts.kind.map { (facts.interface.index, $0) } }
            return plan.take(
                all: interfaces.map(\.interface), kinds: Dictionary(kinds) { $1 }, ports: ports.mapValues(\.name),
                ways: ports.compactMapValues { notes?.way(of: $0) })
        }
    }

    /// Closes ports that have died unnoticed, and mends those that have lost something. One that has lost all programs gives way to
    /// a new port, where that is to be attached: whether its interface is the same one is not known.
    private mutating func reviewListed(_ changes: inout PortChanges) throws(KernelError) {
        let namespace = try NetworkInterface.currentNamespace()
        let (gone, replaced) = (changes.gone.count, changes.replaced.count)
        let configuration = configuration
        try review(&changes) { configuration.rule(forPort: $0.name)?.isMeasured == true }
        for port in changes.gone[gone...] + changes.replaced[replaced...] where port.isIn(namespace) {
            plan.forget(port.interfaceIndex)
        }
    }

    private func close(_ gone: inout Set<UInt32>, _ changes: inout PortChanges) {
        guard !gone.isEmpty else { return }
        let interfaces = gone
        attempt(&changes) { () throws(KernelError) in try installation.closePorts(ofGone: interfaces) }
        gone = []
    }

    private func attempt(_ changes: inout PortChanges, _ close: () throws(KernelError) -> [RegisteredPort]) {
        do throws(KernelError) {
            changes.gone += try close()
        } catch {
            changes.refused.append(error)
        }
    }

    private mutating func rename(_ interface: NetworkInterface, _ changes: inout PortChanges) {
        do throws(KernelError) {
            guard let port = try installation.rename(interface) else { return }
            changes.renamed.append(PortChanges.Renaming(port: port, name: interface.name))
            enforce(port, as: interface.name, &changes)
        } catch {
            changes.refused.append(error)
        }
    }

    /// A port under a new name has what the policy says of that name.
    private mutating func enforce(_ port: RegisteredPort, as name: String, _ changes: inout PortChanges) {
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

    /// With the policy that they are to have from the first frame on.
    private func attach(
        _ requests: [AttachRequest], _ changes: inout PortChanges
    ) throws(KernelError) -> [AttachOutcome] {
        let (outcomes, failure) = policy.attach(requests, to: installation) { requests in
            Result { () throws(KernelError) in try installation.attach(requests) }
        }
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

extension PortKeeper {
    /// Takes all programs away and leaves every interface as it was found.
    package func detachAll() throws(KernelError) {
        let ports = try installation.attachedPorts()
        let hurry = configuration.expeditesRCU ? ExpeditedGracePeriods.begin(for: ports.count) : nil
        try installation.detach(ports)
        _ = consume hurry
    }

    /// Removes every pin where no port is attached any more.
    package func removeIfUnused() throws(KernelError) { try installation.removeIfUnused() }
}

extension PortKeeper {
    /// Goes on with a configuration that was read again: ports and their policy.
    ///
    /// - Returns: what could not be done, a sentence each; what was in force stays then.
    mutating func reconfigure(_ new: Configuration, _ changes: inout PortChanges) throws(KernelError) -> [String] {
        let old = configuration
        configuration = new
        policy = PolicyKeeper(new)
        refusals = [:]
        let actions = plan.reconfigure(
            RuleDirectory(new).rules, changed: { old.rule(forPort: $0)?.attach != new.rule(forPort: $0)?.attach })
        try carryOut(actions, &changes)
        return reloadPolicy()
    }

    /// The file's, where the configuration names one; else the one that was loaded last, for what has changed of the ports.
    private func reloadPolicy() -> [String] {
        do {
            if let file = configuration.policy {
                try policy.load(file, into: installation)
            } else {
                try policy.reload(into: installation)
            }
            return []
        } catch {
            return ["policy: it is not loaded, and what was in force stays: \(error)"]
        }
    }
}
