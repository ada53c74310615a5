// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import Host
import HostTaps
import PortDirectory
import TapService
import WeirConfiguration

/// Taps follow the ports that this keeper attaches.
extension PortKeeper {
    /// Hands over the ports where they may have changed, and has done what was asked for or is due.
    ///
    /// - Parameter isChanged: whether ports came, went, or are named or owned another way.
    mutating func followTaps(isChanged: Bool) {
        guard var taps, taps.isNeeded else { return }
        if isChanged || taps.hasRequests, let ports = try? installation.portsHere() {
            taps.follow(tapSurroundings(Array(ports.values)), by: installation)
        }
        taps.turn(by: installation, now: ClockAnchor.now.monotonic)
        self.taps = taps
    }

    /// Has what sends copies end. To be called when ports are followed no more.
    mutating func endTaps() { taps?.end() }

    /// nil where there are no sessions.
    var untilTapsAreDue: Duration? {
        taps?.due.map { max(.zero, ClockAnchor.now.monotonic.duration(to: $0)) }
    }

    /// - Parameter begun: ports that are to get their programs next; they come beside those that have them.
    func prepare(_ taps: inout TapRuntime?, for begun: [RegisteredPort]) {
        guard taps != nil, let ports = try? installation.portsHere() else { return }
        taps?.prepare(tapSurroundings(ports.values + begun), by: installation)
    }

    private func tapSurroundings(_ ports: [RegisteredPort]) -> TapSurroundings {
        TapSurroundings(ports, configuration, directory, notes)
    }
}

extension TapSurroundings {
    /// - Parameter directory: those that list interfaces, besides the configuration's rules.
    init(
        _ ports: [RegisteredPort], _ configuration: Configuration, _ directory: MergedDirectory, _ notes: PortNotes?
    ) {
        let settings = TapSettings(configuration)
        let (rules, listing) = (RuleDirectory(configuration).rules, directory.listing)
        let facts: @Sendable (String) -> PortFacts = { name in
            let own = rules.facts(of: name) ?? PortFacts()
            return listing?.facts(of: name).map { own.completed(by: $0) } ?? own
        }
        // Copies of other hosts come there, whatever the port's role.
        let addressed = (try? NetworkInterface.addressed()) ?? []
        let tapped = ports.filter { !$0.isClosing }.sorted { $0.number < $1.number }.map { port in
            let said = facts(port.name)
            // A directory that is away has said it before.
            let identity = notes?.identity(of: port).map { said.identity.completed(by: $0) } ?? said.identity
            return TapPort(
                number: port.number, attached: port.attached, name: port.name, interfaceIndex: port.interfaceIndex,
                identity: identity, tags: said.tags, isUplink: port.role == .uplink || addressed.contains(port.name),
                obstacle: port.tapObstacle, canSend: port.canSendCopies)
        }
        self.init(
            ports: tapped, dscp: settings.dscp, egress: settings.device, account: configuration.accountID
        ) { name in
            guard let interface = try? NetworkInterface.named(name) else { return nil }
            return TapSurroundings.Interface(index: interface.index, identity: facts(interface.name).identity)
        }
    }
}

extension RegisteredPort {
    /// Why its frames cannot be copied.
    fileprivate var tapObstacle: String? {
        switch fromHook {
        case .xdpDispatched: "it shares XDP with other programs, by libxdp's dispatcher; attach it with hook tc"
        case .none, .tcx, .clsact, .unobserved, .fentry, .xdp, .xsk: nil
        }
    }
}

extension PortChanges {
    /// Whether taps may have other ports now.
    var concernsTaps: Bool {
        !(attached.isEmpty && gone.isEmpty && replaced.isEmpty && renamed.isEmpty && released.isEmpty && changed.isEmpty
            && dropped.isEmpty && mended.isEmpty && directory.isEmpty)
    }
}
