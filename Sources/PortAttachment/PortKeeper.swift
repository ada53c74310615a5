// SPDX-License-Identifier: Apache-2.0

import DaemonReports
package import FlowKernel
import FlowModel
package import Host
package import HostTaps
import HostVerdicts
package import PortDirectory
package import WeirConfiguration

/// Keeps the ports that are measured in step with the configuration, with the interfaces of this thread's network
/// namespace, which the kernel tells of, and with what directories say of interfaces.
///
/// Used from one thread at a time, always in the same namespace.
package struct PortKeeper: ~Copyable {
    package internal(set) var installation: Installation
    let inspection: PortInspection
    var configuration: Configuration
    var policy: PolicyKeeper
    private var monitor: InterfaceMonitor
    var plan: PortPlan
    /// Whether the first list of interfaces has come.
    private(set) var isListed = false
    /// Whether all ports are attached that were there at the start and that the configuration names: those that directories
    /// list come after.
    package internal(set) var isBegun = false
    let directory: MergedDirectory
    let notes: PortNotes?
    /// Of what the directories have said.
    var version = 0
    /// What was said of ports that cannot be mended.
    var unmended: [PortNumber: String] = [:]
    /// Why interfaces could not be attached, by their indices.
    var refusals: [UInt32: Refusal] = [:]
    /// Ports whose policy is not in force under the name that they have now, as they were called before.
    var unenforced: [PortNumber: RegisteredPort] = [:]
    /// Why ports are not sampled as they should be.
    var unsampled: KernelError?
    /// The directory that the daemon's lock is on, and the lock on the one that was made in its place.
    var base: UInt64
    var lock: DaemonLock?
    /// nil where this process takes no requests for taps.
    package var taps: TapRuntime?
    /// When what was postponed is tried again.
    var resumption = ContinuousClock.now

    static let postponement = Duration.milliseconds(250)

    struct Refusal {
        let name: String
        let reason: KernelError
        /// Whether it is tried again.
        let mayPass: Bool
    }

    /// Interfaces attached at one go: others that want to attach or detach wait as long.
    static let batch = 16
    /// The same while the kernel does not wait.
    static let hurriedBatch = 128
    /// While many interfaces wait.
    var hurry: ExpeditedGracePeriods?

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
        taps?.settings = TapSettings(new)
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
