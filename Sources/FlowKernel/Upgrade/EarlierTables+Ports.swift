// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowMeter
import FlowModel
import Host

extension EarlierTables {
    /// All ports of the earlier register, in the order of their numbers.
    func registeredPorts() throws(KernelError) -> [RegisteredPort] {
        var result: [RegisteredPort] = []
        try map(WEIR_MAP_PORTS).forEachRaw { key, values in
            let number = key.reversed().reduce(0) { $0 << 8 | Int($1) }
            guard let value = values.first, let number = UInt16(exactly: number) else { return }
            result.append(RegisteredPort(PortNumber(number), StructureBytes(layout: layout, bytes: value)))
        }
        return result.sorted { $0.number < $1.number }
    }

    /// What the port saw in this window alone, in both directions.
    func totals(of port: RegisteredPort, in window: UInt32) throws(KernelError) -> DirectionTotals {
        let map = try BPFMap.open(pinnedAt: "\(directory)/ports/\(port.number.rawValue)/totals")
        let array = try MappedArray<UInt8>(of: map, rights: .read)
        let size = max(1, layout["weir_totals"]?.size ?? array.count)
        func totals(_ direction: Direction) -> PortTotals {
            let perCPU = Int(WEIR_GENERATIONS * WEIR_DIRECTIONS)
            let place = generation(of: window) * Int(WEIR_DIRECTIONS) + Int(direction.rawValue)
            func at(_ index: Int) -> PortTotals {
                let bytes = (index * size..<(index + 1) * size).map { array[$0] }
                return PortTotals(StructureBytes(layout: layout, bytes: bytes[...]))
            }
            // Before version 6 there were no samples between what was drained and the CPUs.
            let rows = layout["WEIR_TOTALS_ROWS"]?.size ?? 1
            return stride(from: place + perCPU * rows, to: map.maxEntries, by: perCPU)
                .reduce(PortTotals()) { $0 + at($1) } - at(place)
        }
        return DirectionTotals(ingress: totals(.ingress), egress: totals(.egress))
    }
}

extension RegisteredPort {
    fileprivate init(_ number: PortNumber, _ entry: StructureBytes) {
        func value(_ field: String) -> UInt64 { entry.number("weir_port.\(field)") }
        func byte(_ field: String) -> UInt8 { UInt8(truncatingIfNeeded: value(field)) }
        let name = InterfaceName.text(of: Array(entry.slice("weir_port.name").prefix { $0 != 0 }))
        self.init(
            number: number,
            interface: NetworkInterface(name: name, index: UInt32(truncatingIfNeeded: value("ifindex"))),
            role: PortRole(rawValue: byte("role")) ?? .guest, networkNamespace: value("network_namespace"),
            attached: UnixTime(nanoseconds: Int64(bitPattern: value("attached_realtime_ns"))))
        fromHook = Hook(rawValue: byte("from_hook")) ?? .none
        toHook = Hook(rawValue: byte("to_hook")) ?? .none
        xdpMode = XDPMode(rawValue: byte("xdp_mode"))
        isClosing = byte("state") == UInt8(WEIR_PORT_CLOSING.rawValue)
        ownsQdisc = byte("owns_clsact") != 0
    }
}

extension PortTotals {
    fileprivate init(_ totals: StructureBytes) {
        /// Zero where that layout does not have the field.
        func count(_ field: String, _ index: Int = 0) -> PacketCount {
            guard totals.layout["weir_totals.\(field)"] != nil else { return .zero }
            let base = totals.offset("weir_totals.\(field)") + index * (totals.layout["weir_count"]?.size ?? 0)
            return PacketCount(
                packets: totals.number("weir_count.packets", at: base),
                octets: totals.number("weir_count.octets", at: base))
        }
        func counts(_ field: String) -> UnparsedCounts {
            UnparsedCounts(
                notIP: count(field, 0), malformed: count(field, 1), truncated: count(field, 2),
                beyondLimits: count(field, 3))
        }
        self.init()
        seen = count("seen")
        overflow = count("overflow")
        notIP = count("not_ip")
        malformed = count("malformed")
        truncated = count("truncated")
        fragmentWithoutFlow = count("fragment_without_flow")
        beyondLimits = count("beyond_limits")
        audited = counts("audited")
        refused = counts("refused")
        ip = seen - notIP - malformed
    }
}
