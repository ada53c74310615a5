// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import HostMonitor

/// Makes counter samples of reports: of the host, of each machine, of each port.
///
/// A machine whose figures are old is left out: collectors would take them for new.
extension SFlowPacker {
    mutating func add(_ report: MonitorReport, _ numbers: inout MachineNumbers) {
        let taps = report.machines.flatMap { $0.interfaces.map(\.interface) }
        let guests = Set(taps + report.ports.lazy.filter { $0.role == "guest" }.map(\.interface))
        add(report.host.sflowRecords(machines: report.machines.count(where: \.isActive), guests: guests), of: .host)
        add(report.machines, report.host.indices, &numbers)
        // tshark loses its place behind a structure of a host, which it does not know.
        separate()
        let interfaces = Dictionary(
            report.host.interfaces.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
        for port in report.ports {
            guard let index = port.index.flatMap({ UInt32(exactly: $0) }), index > 0,
                index <= SFlowSource.greatestIndex
            else { continue }
            let interface = interfaces[Int(index)].flatMap { $0.interface == port.interface ? $0 : nil }
            add(port.sflowRecords(index, interface), of: SFlowSource(.interface, index))
        }
    }

    private mutating func add(_ machines: [MachineReport], _ indices: [String: UInt32], _ numbers: inout MachineNumbers)
    {
        let known = numbers.of(machines.map(\.identifier))
        for machine in machines where !machine.isStale {
            guard let number = known[machine.identifier] else { continue }
            add(machine.sflowRecords(indices), of: SFlowSource(.logicalEntity, number))
        }
    }
}

extension MachineReport {
    /// What tells the machine from others for as long as it lives.
    fileprivate var identifier: String { instanceID.isEmpty ? domain : instanceID }
}

extension HostReport {
    fileprivate var indices: [String: UInt32] {
        Dictionary(
            interfaces.map { ($0.interface, UInt32(clamping: $0.index)) }, uniquingKeysWith: { first, _ in first })
    }
}
