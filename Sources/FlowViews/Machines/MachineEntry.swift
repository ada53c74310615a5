// SPDX-License-Identifier: Apache-2.0

package import HostMonitor

/// A machine of the host: what libvirt says of it, where it does, and the ports that Weir measures of it.
package struct MachineEntry: Sendable {
    /// nil where only a provider without statistics knows the machine.
    package let machine: MachineReport?
    package let ports: [MonitoredPort]

    /// As its owner calls it, else as the host does.
    package var name: String {
        let names = [machine?.instanceName, ports.first?.instanceName, machine?.domain, id]
        return names.lazy.compactMap(\.self).first { !$0.isEmpty } ?? ""
    }

    package var id: String? { machine?.instanceID ?? ports.first?.instanceID }
    package var project: String? {
        machine?.projectName ?? ports.first?.projectName ?? machine?.projectID ?? ports.first?.projectID
    }

    /// What is running, paused and so on; nil where libvirt does not know it.
    package var state: String? {
        machine.map { machine in
            MachineReport.State(rawValue: machine.state).map(Self.word) ?? "\(machine.state)"
        }
    }

    /// All machines of a report, by their names.
    ///
    /// A port belongs to the machine whose id it has, else to the one that has its interface.
    package static func all(of report: MonitorReport) -> [MachineEntry] {
        var ports = Dictionary(grouping: report.ports.filter { $0.role == "guest" }) { $0.instanceID ?? "" }
        var unnamed = ports.removeValue(forKey: "") ?? []
        var entries = report.machines.map { machine in
            let names = Set(machine.interfaces.map(\.interface))
            let own = unnamed.filter { names.contains($0.interface) }
            unnamed.removeAll { names.contains($0.interface) }
            return MachineEntry(machine: machine, ports: (ports.removeValue(forKey: machine.instanceID) ?? []) + own)
        }
        entries += ports.values.map { MachineEntry(machine: nil, ports: $0) }
        return entries.sorted { ($0.name, $0.id ?? "") < ($1.name, $1.id ?? "") }
    }

    /// Whether a person can mean it by this word: its name, libvirt's name, its id, or the beginning of that.
    package func isCalled(_ word: String) -> Bool {
        guard !word.isEmpty else { return false }
        if name == word || machine?.domain == word || id == word { return true }
        return word.count >= 8 && id?.hasPrefix(word) == true
    }

    private static func word(_ state: MachineReport.State) -> String {
        switch state {
        case .unknown: "unknown"
        case .running: "running"
        case .blocked: "blocked"
        case .paused: "paused"
        case .shuttingDown: "shutting down"
        case .shutOff: "shut off"
        case .crashed: "crashed"
        case .suspended: "suspended"
        }
    }

    /// Of its measured ports together; nil while there is no rate.
    func rate(_ direction: KeyPath<MonitoredPort, PortTraffic>) -> Double? {
        Self.sum(ports.map { $0[keyPath: direction].bytesPerSecond })
    }

    static func sum(_ values: [Double?]) -> Double? {
        let known = values.compactMap(\.self)
        return known.isEmpty ? nil : known.reduce(0, +)
    }
}
