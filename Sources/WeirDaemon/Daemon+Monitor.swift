// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import DirectoryProviders
import FlowKernel
import FlowMeter
import FlowModel
import FlowRecorder
import FlowVerdict
import Host
import HostMonitor
import PortAttachment
import WeirConfiguration

/// What the ports count, for the monitor.
extension Daemon {
    /// The loop looks once a second, a little earlier or later.
    private static let tolerance = Duration.milliseconds(500)

    /// Hands over what each port has counted since it was attached, where that is due. Reads mapped memory, and waits for nothing.
    mutating func readPorts() {
        let interval = configuration.monitorInterval
        let now = ClockAnchor.now.monotonic
        guard interval > .zero, now >= nextPorts, let registered = try? ports() else { return }
        nextPorts = now.advanced(by: interval - Self.tolerance)
        let known = names.ports(registered)
        let dropped = storing.status.verdicts.dropped
        let ports = registered.compactMap { port -> MonitoredPort? in
            guard let totals = (try? loop.meter.source.tables.lifetimeTotals(of: port)) ?? nil else { return nil }
            var monitored = MonitoredPort(port, known[port.number]?.identity ?? PortIdentity(), totals)
            add(dropped[port.number] ?? VerdictCounts.Dropped(), of: port, to: &monitored)
            return monitored
        }
        board.monitor.take(ports, read: now)
    }

    /// Packets of flows, which are known when their window is stored.
    private mutating func add(
        _ dropped: VerdictCounts.Dropped, of port: RegisteredPort, to monitored: inout MonitoredPort
    ) {
        let before = droppedBefore[port.number]
        if before?.attached != port.attached {
            droppedBefore[port.number] = (port.attached, before == nil ? VerdictCounts.Dropped() : dropped)
        }
        let base = droppedBefore[port.number]?.dropped ?? VerdictCounts.Dropped()
        monitored.egress.refusedPackets += dropped.egress - min(base.egress, dropped.egress)
        monitored.ingress.refusedPackets += dropped.ingress - min(base.ingress, dropped.ingress)
    }
}

extension MonitoredPort {
    fileprivate init(_ port: RegisteredPort, _ identity: PortIdentity, _ totals: DirectionTotals) {
        self.init()
        (interface, index, role) = (port.name, Int(port.interfaceIndex), port.role.name)
        (instanceID, instanceName) = (identity.instanceID, identity.instanceName)
        (projectID, projectName) = (identity.projectID, identity.projectName)
        (egress, ingress) = (PortTraffic(totals.egress), PortTraffic(totals.ingress))
    }
}

extension PortTraffic {
    fileprivate init(_ totals: PortTotals) {
        self.init()
        (packets, bytes) = (totals.seen.packets, totals.seen.octets)
        refusedPackets = totals.refused.sum.packets
    }
}

extension Configuration {
    /// Those that are configured, and libvirt where its socket is on this host. libvirt's tell what machines do, too.
    var monitoredProviders: [ProviderChoice] {
        allProviders.map { choice in
            var choice = choice
            choice.statistics = choice.uri == nil || monitorInterval == .zero ? nil : monitorInterval
            return choice
        }
    }

    private var allProviders: [ProviderChoice] {
        let isConfigured = providers.contains { $0.command.isEmpty || $0.name == "libvirt" }
        guard asksLibvirt, !isConfigured, LocalLibvirt.socket != nil else { return providers }
        var libvirt = ProviderChoice(name: "libvirt")
        libvirt.uri = LocalLibvirt.uri
        return providers + [libvirt]
    }
}
