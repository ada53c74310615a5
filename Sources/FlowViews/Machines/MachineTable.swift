// SPDX-License-Identifier: Apache-2.0

import FlowModel
import HostMonitor

/// Machines as a table for people. Where there is little room, the columns that are looked at least are left out.
package struct MachineTable: Sendable {
    /// What comes first.
    package enum Order: String, CaseIterable, Sendable {
        case name, cpu, steal, memory, traffic
    }

    private let entries: [MachineEntry]
    private let ink: Ink
    /// Columns of the terminal; nil: as many as the table takes.
    private let width: Int?

    package init(_ entries: [MachineEntry], by order: Order, _ ink: Ink, width: Int?) {
        self.entries = Self.sorted(entries, by: order)
        self.ink = ink
        self.width = width
    }

    package var lines: [String] {
        var columns = Self.columns
        while let width, self.width(of: columns) > width, columns.count > 1 {
            let least = columns.indices.dropFirst().max { columns[$0].rank < columns[$1].rank }!
            columns.remove(at: least)
        }
        let head = line(columns, columns.map(\.title))
        return [ink.text(head, .bold)]
            + entries.map { entry in
                let text = line(columns, columns.map { $0.text(entry) })
                return entry.machine?.isStale == true ? ink.text(text, .yellow) : text
            }
    }

    private struct Column: Sendable {
        let title: String
        /// The greatest are left out first.
        let rank: Int
        var isNumber = true
        let text: @Sendable (MachineEntry) -> String
    }

    private static let columns: [Column] = [
        Column(title: "MACHINE", rank: 0, isNumber: false) { PrintableText.of($0.name) },
        Column(title: "PROJECT", rank: 6, isNumber: false) { PrintableText.of($0.project ?? "-") },
        Column(title: "STATE", rank: 2, isNumber: false) { entry in
            (entry.state ?? "-") + (entry.machine?.isStale == true ? " (old)" : "")
        },
        Column(title: "CPU %", rank: 1) { percent($0.machine?.cpuPercent) },
        Column(title: "STEAL %", rank: 5) { percent($0.machine?.stealPercent) },
        Column(title: "MEMORY", rank: 7) { $0.machine.map { HumanUnits.octets($0.memory.current) } ?? "-" },
        Column(title: "READ/S", rank: 9) { entry in
            bytes(MachineEntry.sum(entry.machine?.disks.map(\.traffic.readBytesPerSecond) ?? []))
        },
        Column(title: "WRITE/S", rank: 10) { entry in
            bytes(MachineEntry.sum(entry.machine?.disks.map(\.traffic.writeBytesPerSecond) ?? []))
        },
        Column(title: "IN/S", rank: 3) { bytes($0.rate(\.ingress)) },
        Column(title: "OUT/S", rank: 4) { bytes($0.rate(\.egress)) },
        Column(title: "LIBVIRT IN/S", rank: 11) { entry in
            bytes(MachineEntry.sum(entry.machine?.interfaces.map(\.traffic.receiveBytesPerSecond) ?? []))
        },
        Column(title: "LIBVIRT OUT/S", rank: 12) { entry in
            bytes(MachineEntry.sum(entry.machine?.interfaces.map(\.traffic.transmitBytesPerSecond) ?? []))
        },
        Column(title: "PORTS", rank: 8, isNumber: false) { entry in
            let names = entry.ports.map(\.interface) + (entry.machine?.interfaces.map(\.interface) ?? [])
            return names.isEmpty ? "-" : Set(names).sorted().map { PrintableText.of($0) }.joined(separator: ",")
        },
    ]

    private func widths(of columns: [Column]) -> [Int] {
        columns.map { column in max(column.title.columns, entries.map { column.text($0).columns }.max() ?? 0) }
    }

    private func width(of columns: [Column]) -> Int {
        widths(of: columns).reduce(0, +) + 2 * (columns.count - 1)
    }

    private func line(_ columns: [Column], _ cells: [String]) -> String {
        let widths = widths(of: columns)
        let text = columns.indices.map { cells[$0].padded(to: widths[$0], toRight: columns[$0].isNumber) }
            .joined(separator: "  ").trimmingTrailingBlanks
        return width.map { text.clipped(to: $0, ink) } ?? text
    }

    private static func percent(_ value: Double?) -> String { value.map(MachineText.percent) ?? "-" }

    private static func bytes(_ value: Double?) -> String { value.map(MachineText.bytes) ?? "-" }

    private static func sorted(_ entries: [MachineEntry], by order: Order) -> [MachineEntry] {
        let value: (MachineEntry) -> Double
        switch order {
        case .name: return entries
        case .cpu: value = { $0.machine?.cpuPercent ?? -1 }
        case .steal: value = { $0.machine?.stealPercent ?? -1 }
        case .memory: value = { $0.machine.map { Double($0.memory.current) } ?? -1 }
        case .traffic: value = { ($0.rate(\.ingress) ?? -1) + ($0.rate(\.egress) ?? -1) }
        }
        // Those that are alike stay in the order of their names.
        return entries.enumerated().sorted {
            let (left, right) = (value($0.element), value($1.element))
            return left == right ? $0.offset < $1.offset : left > right
        }.map(\.element)
    }
}
