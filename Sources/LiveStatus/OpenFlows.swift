// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
package import FlowModel
import FlowRecorder
import FlowVerdict
import Host
import HostVerdicts
import PortAttachment
import PortDirectory
package import WeirConfiguration

/// The flows that are being counted, as their records would be if the window ended now.
///
/// Reads what is pinned and disturbs nothing; works with and without a daemon.
package struct OpenFlows {
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// The names of the ports that are attached.
    package func ports() throws -> [String] {
        try installation().tables.maps.registeredPorts().map(\.name)
    }

    /// All lines of ports, named and judged as the daemon does.
    ///
    /// - Parameter names: of ports that are attached; all without any.
    package func entries(ofPorts names: [String] = []) throws -> [LogEntry] {
        let installation = try installation()
        let ports = try ports(names.map(InterfaceName.canonical), installation)
        let all = try names.isEmpty ? ports : self.ports([], installation)
        let window = ClosedWindow(try installation.tables.snapshot(), until: ClockAnchor.now.realtime)
        return window.entries(
            ports: ports, judgedBy: JudgeChain(configuration),
            namedBy: RecordNames(NameTable(all.values, configuration.networks)))
    }

    private func installation() throws -> Installation {
        guard let installation = try Installation.open(PinDirectory(base: configuration.bpffs), rights: .read)
        else {
            throw KernelError(
                .notFound, "cannot show flows", cause: "nothing is attached under \(configuration.bpffs)",
                remedy: "attach a port (weir attach PORT), or name another directory (--bpffs)")
        }
        return installation
    }

    private func ports(
        _ names: [String], _ installation: borrowing Installation
    ) throws -> [PortNumber: Port] {
        let registered = try installation.tables.maps.registeredPorts()
        for name in names where !registered.contains(where: { $0.name == name }) {
            throw KernelError(
                .notFound, "cannot show the flows of \(name)", cause: "it is not attached",
                remedy: "list what is: weir status")
        }
        let chosen = registered.filter { names.isEmpty || names.contains($0.name) }
        let portNames = PortNames(configuration, notes: PortNotes(stateDirectory: configuration.stateDirectory))
        return Dictionary(uniqueKeysWithValues: chosen.map { ($0.number, portNames.port($0)) })
    }
}

extension ClosedWindow {
    /// The open window as it stands, as if it ended at that moment.
    fileprivate init(_ snapshot: FlowSnapshot, until end: UnixTime) {
        var totals: [PortSide: PortTotals] = [:]
        for (port, both) in snapshot.totals {
            totals[PortSide(port: port, direction: .ingress)] = both.ingress
            totals[PortSide(port: port, direction: .egress)] = both.egress
        }
        let window = Window(
            number: snapshot.window, start: snapshot.opened.realtime, end: end, endReason: nil)
        self.init(window: window, anchor: snapshot.opened, flows: snapshot.flows, totals: totals)
    }

    /// All lines at once.
    fileprivate func entries(
        ports: [PortNumber: Port], judgedBy judges: JudgeChain, namedBy names: RecordNames?
    ) -> [LogEntry] {
        var (judgement, names) = (judges.judgement(of: window), names)
        var flows: [LogEntry] = []
        forEachRecord(ports: ports, judgedBy: &judgement, namedBy: &names) { record in
            flows.append(.flow(copy record))
        }
        return flows + others(ports: ports, receivers: receivers(ports: ports), judgedBy: &judgement)
    }
}
