// SPDX-License-Identifier: Apache-2.0

import FlowModel
import HostMonitor

/// All that is known of one machine, in lines for people.
package struct MachineText: Sendable {
    private let entry: MachineEntry
    private let ink: Ink
    private let clock: ClockText

    package init(_ entry: MachineEntry, _ ink: Ink, _ clock: ClockText) {
        self.entry = entry
        self.ink = ink
        self.clock = clock
    }

    package var lines: [String] {
        var lines = [ink.text(PrintableText.of(entry.name), .bold)]
        add("id", entry.id, to: &lines)
        add("project", project, to: &lines)
        guard let machine = entry.machine else {
            add("state", "not known: no hypervisor tells of this machine", to: &lines)
            return lines + entry.ports.map { "port       \(PrintableText.of($0.interface))" }
        }
        if machine.domain != entry.name { add("libvirt", machine.domain, to: &lines) }
        add("owner", machine.userName ?? machine.userID, to: &lines)
        add("flavor", machine.flavor, to: &lines)
        let second = machine.timeMilliseconds.floorDivided(by: 1000)
        let age = machine.isStale ? ", old: its hypervisor does not answer" : ""
        add("state", "\(entry.state ?? "-"), as of \(clock.full(second))\(age)", to: &lines)
        add("CPU", cpu(machine), to: &lines)
        if machine.cpus.count > 1 { for cpu in machine.cpus { add("", text(cpu), to: &lines) } }
        add("memory", memory(machine.memory), to: &lines)
        for disk in machine.disks { add("disk", text(disk), to: &lines) }
        return lines + TrafficComparison.all(of: entry).flatMap(lines(of:))
    }

    private func add(_ name: String, _ text: String?, to lines: inout [String]) {
        guard let text, !text.isEmpty else { return }
        lines.append("\(name.padded(to: 10)) \(PrintableText.of(text))")
    }

    private var project: String? {
        let id = entry.machine?.projectID ?? entry.ports.first?.projectID
        guard let name = entry.machine?.projectName ?? entry.ports.first?.projectName else { return id }
        return id.map { "\(name) (\($0))" } ?? name
    }

    private func cpu(_ machine: MachineReport) -> String {
        var text = counted(machine.cpus.count, "CPU")
        if let percent = machine.cpuPercent { text += ", \(Self.percent(percent)) % in use" }
        if let percent = machine.stealPercent { text += ", \(Self.percent(percent)) % waiting for the host (steal)" }
        return text + (machine.cpuPercent == nil ? "" : "; 100 % is one CPU")
            + "; \(HumanUnits.duration(.seconds(machine.cpuSeconds))) used"
    }

    private func text(_ cpu: VirtualCPU) -> String {
        let states = ["offline", "running", "blocked"]
        let state = states.indices.contains(cpu.state) ? states[cpu.state] : "\(cpu.state)"
        let delay = cpu.delaySeconds.map { ", waited \(HumanUnits.duration(.seconds($0)))" } ?? ""
        return "CPU \(cpu.number): \(state), \(HumanUnits.duration(.seconds(cpu.seconds))) used\(delay)"
    }

    private func memory(_ memory: MachineMemory) -> String {
        var text = HumanUnits.octets(memory.current)
        if memory.maximum != memory.current { text += " of at most \(HumanUnits.octets(memory.maximum))" }
        if let resident = memory.resident { text += ", \(HumanUnits.octets(resident)) of the host's" }
        if let percent = memory.usedPercent { text += "; the machine says that \(Self.percent(percent)) % is in use" }
        return text
    }

    private func text(_ disk: MachineDisk) -> String {
        let traffic = disk.traffic
        var text = disk.device + (disk.path.map { " (\($0))" } ?? "") + ": "
        text += "read \(HumanUnits.octets(traffic.readBytes))\(rate(traffic.readBytesPerSecond)), "
        text += "written \(HumanUnits.octets(traffic.writeBytes))\(rate(traffic.writeBytesPerSecond))"
        if let capacity = disk.capacity {
            let used = disk.allocation.map { ", \(HumanUnits.octets($0)) in use" } ?? ""
            text += "; \(HumanUnits.octets(capacity)) large\(used)"
        }
        return text
    }

    private func rate(_ value: Double?) -> String { value.map { " (\(Self.bytes($0))/s)" } ?? "" }

    /// A small table: what libvirt counts, what Weir does, and what is between them.
    private func lines(of comparison: TrafficComparison) -> [String] {
        var rows = [["interface \(comparison.interface)", "IN", "BYTES", "OUT", "BYTES"]]
        let (ingress, egress) = (comparison.ingress, comparison.egress)
        rows.append(
            ["  libvirt, frames"]
                + [ingress.libvirtFrames, ingress.libvirtBytes, egress.libvirtFrames, egress.libvirtBytes].map {
                    "\($0)"
                })
        if let received = ingress.packets, let sent = egress.packets, let inBytes = ingress.frameBytes,
            let outBytes = egress.frameBytes
        {
            rows.append(["  Weir, packets and 14 bytes each"] + [received, inBytes, sent, outBytes].map { "\($0)" })
            rows.append([
                "  libvirt has more", "\(Int64(ingress.libvirtFrames) - Int64(received))", "\(ingress.difference ?? 0)",
                "\(Int64(egress.libvirtFrames) - Int64(sent))", "\(egress.difference ?? 0)",
            ])
        } else {
            rows.append(["  not measured by Weir"])
        }
        let widths = (0..<5).map { column in rows.map { $0.count > column ? $0[column].columns : 0 }.max() ?? 0 }
        return rows.enumerated().map { number, row in
            let cells = row.enumerated().map { $1.padded(to: widths[$0], toRight: $0 > 0) }
            let text = PrintableText.of(cells.joined(separator: "  ").trimmingTrailingBlanks)
            return number == 0 ? ink.text(text, .bold) : text
        }
    }

    /// `12.5`, with one digit behind the point.
    static func percent(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    static func bytes(_ value: Double) -> String { HumanUnits.octets(UInt64(max(0, value.rounded()))) }
}
