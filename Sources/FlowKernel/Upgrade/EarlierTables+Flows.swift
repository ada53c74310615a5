// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowMeter
import FlowModel
import Host

extension EarlierTables {
    /// Merges all that was counted in a window into the table.
    func drain(_ window: UInt32, into flows: inout FlowTable) throws(KernelError) {
        for folder in tableFolders {
            switch engine {
            case .line: try drainLines(window, in: folder, into: &flows)
            case .perCPUHash: try drainSlots(window, in: folder, into: &flows)
            case nil: break
            }
        }
    }

    private func drainLines(
        _ window: UInt32, in folder: String, into flows: inout FlowTable
    ) throws(KernelError) {
        func array(_ name: String) throws(KernelError) -> MappedArray<UInt8> {
            try MappedArray(of: try .open(pinnedAt: "\(folder)/\(name)"), rights: .read)
        }
        let lines = try array(WEIR_MAP_LINES)
        let entries = try array(WEIR_MAP_LINE_ENTRIES)
        let heads = try array(WEIR_MAP_LINE_HEADS)
        let shape = lineTables
        for cpu in 0..<shape.cpus {
            let table = generation(of: window) * shape.cpus + cpu
            let head = structure("weir_line_head", table, of: heads)
            guard head.number("weir_line_head.window") == window else { continue }
            var counted: [CountedFlow] = []
            for index in 0..<min(Int(head.number("weir_line_head.count")), shape.lines) {
                let entry = structure("weir_line_entry", table * shape.lines + index, of: entries)
                let place = table * shape.lines + Int(entry.number("weir_line_entry.line"))
                let line = structure("weir_line", place, of: lines)
                let key = line.offset("weir_line.key")
                guard line.number("weir_flow_key.window", at: key) == window else { continue }
                counted.append(
                    CountedFlow(
                        key: FlowKey(line, at: key, ruled: entry, rule: "weir_line_entry.rule", ruling: line.ruling),
                        counters: FlowCounters(line, entry, opened: opened(window))))
            }
            flows.merge(counted.span)
        }
    }

    private func drainSlots(
        _ window: UInt32, in folder: String, into flows: inout FlowTable
    ) throws(KernelError) {
        let name = generation(of: window) == 0 ? WEIR_MAP_FLOWS_0 : WEIR_MAP_FLOWS_1
        let opened = opened(window)
        var counted: [CountedFlow] = []
        try BPFMap.open(pinnedAt: "\(folder)/\(name)").forEachRaw { keyBytes, values in
            for value in values {
                let slot = StructureBytes(layout: layout, bytes: value)
                guard slot.number("weir_slot.packets") > 0 else { continue }
                let key = FlowKey(
                    StructureBytes(layout: layout, bytes: keyBytes[...]), at: 0, ruled: slot, rule: "weir_slot.rule",
                    ruling: slot.number("weir_slot.ruling"))
                counted.append(CountedFlow(key: key, counters: FlowCounters(slot: slot, opened: opened)))
            }
        }
        flows.merge(counted.span)
    }

    /// One of many in an array.
    private func structure(_ name: String, _ index: Int, of array: borrowing MappedArray<UInt8>) -> StructureBytes {
        let size = layout[name]?.size ?? 0
        guard (index + 1) * size <= array.count else { return StructureBytes(layout: layout, bytes: []) }
        return StructureBytes(layout: layout, bytes: (index * size..<(index + 1) * size).map { array[$0] }[...])
    }
}

extension FlowKey {
    /// - Parameter ruled: where the number of the rule is, in that field.
    fileprivate init(
        _ line: StructureBytes, at base: Int, ruled: StructureBytes, rule: String, ruling: UInt64
    ) {
        func number(_ field: String) -> UInt64 { line.number("weir_flow_key.\(field)", at: base) }
        func wire(_ field: String) -> UInt16 {
            UInt16(truncatingIfNeeded: line.wireNumber("weir_flow_key.\(field)", at: base))
        }
        let kind = UInt8(truncatingIfNeeded: number("kind"))
        let transport = UInt8(truncatingIfNeeded: number("protocol"))
        let ports = TransportPorts(
            source: wire("src_port").bigEndian, destination: wire("dst_port").bigEndian, transport: transport)
        let isIPv6 = kind & UInt8(WEIR_KEY_IPV6) != 0
        self.init(
            port: PortNumber(UInt16(truncatingIfNeeded: number("port"))),
            direction: kind & UInt8(WEIR_KEY_EGRESS) == 0 ? .ingress : .egress,
            vlanID: UInt16(truncatingIfNeeded: number("vlan_id")),
            innerVLANID: UInt16(truncatingIfNeeded: number("inner_vlan_id")) & UInt16(WEIR_KEY_VLAN_ID),
            transport: transport,
            source: IPAddress(line.slice("weir_flow_key.src_addr", at: base), isIPv6: isIPv6),
            destination: IPAddress(line.slice("weir_flow_key.dst_addr", at: base), isIPv6: isIPv6),
            sourcePort: ports.source, destinationPort: ports.destination,
            isFragmentWithoutFlow: kind & UInt8(WEIR_KEY_FRAGMENT_WITHOUT_FLOW) != 0,
            rule: UInt16(truncatingIfNeeded: ruled.number(rule)), ruling: Ruling(rawValue: UInt8(ruling)) ?? .none)
    }
}

extension StructureBytes {
    /// The TCP bits of a line; before version 6 the highest of its flags meant nothing.
    fileprivate func tcpBits(ofLine octetsBits: UInt64) -> TCPBits {
        let isHiddenKnown = layout["WEIR_TCP_HIDDEN"] != nil
        let bits = UInt16(truncatingIfNeeded: octetsBits)
        return TCPBits(isHiddenKnown ? bits : bits & ~UInt16(WEIR_TCP_HIDDEN))
    }

    /// Of a line, what the policy said; layouts before version 5 have none.
    fileprivate var ruling: UInt64 {
        guard let shift = layout["WEIR_LINE_RULING_SHIFT"]?.size else { return 0 }
        return number("weir_line.octets_bits") >> UInt64(shift) & UInt64(WEIR_LINE_RULING)
    }
}

extension IPAddress {
    /// 16 bytes in wire order; an IPv4 address is the first four.
    fileprivate init(_ bytes: ArraySlice<UInt8>, isIPv6: Bool) {
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        if isIPv6 {
            self.init(v6High: number(bytes.prefix(8)), low: number(bytes.dropFirst(8).prefix(8)))
        } else {
            self.init(v4: UInt32(truncatingIfNeeded: number(bytes.prefix(4))))
        }
    }
}

extension FlowCounters {
    fileprivate init(_ line: StructureBytes, _ entry: StructureBytes, opened: Tick) {
        let octetsBits = line.number("weir_line.octets_bits")
        let packetsLast = line.number("weir_line.packets_last")
        let bitsWidth = UInt64(line.layout["WEIR_LINE_BITS"]?.size ?? Int(WEIR_LINE_BITS))
        let packetsWidth = UInt64(line.layout["WEIR_LINE_PACKETS"]?.size ?? Int(WEIR_LINE_PACKETS))
        self.init(
            count: PacketCount(packets: packetsLast & (1 << packetsWidth - 1), octets: octetsBits >> bitsWidth),
            bits: line.tcpBits(ofLine: octetsBits), entry, "weir_line_entry",
            last: Tick.count(ofLine: packetsLast >> packetsWidth), opened: opened)
    }

    fileprivate init(slot: StructureBytes, opened: Tick) {
        self.init(
            count: PacketCount(packets: slot.number("weir_slot.packets"), octets: slot.number("weir_slot.octets")),
            bits: TCPBits(UInt16(truncatingIfNeeded: slot.number("weir_slot.tcp_bits"))), slot, "weir_slot",
            last: UInt32(truncatingIfNeeded: slot.number("weir_slot.last")), opened: opened)
    }

    /// What a line's entry and a slot have in common.
    private init(
        count: PacketCount, bits: TCPBits, _ origin: StructureBytes, _ structure: String, last: UInt32, opened: Tick
    ) {
        func number(_ field: String) -> UInt64 { origin.number("\(structure).\(field)") }
        self.init(
            count: count,
            first: MonotonicTime(nanoseconds: opened.nanoseconds(after: UInt32(truncatingIfNeeded: number("first")))),
            last: MonotonicTime(nanoseconds: opened.nanoseconds(after: last)), tcpControlBits: bits.control,
            tcpFlags: bits.awsFlags, dscp: UInt8(truncatingIfNeeded: number("dscp")),
            sourceMAC: MACAddress(origin.wireNumber("\(structure).src_mac")),
            destinationMAC: MACAddress(origin.wireNumber("\(structure).dst_mac")),
            timeToLive: UInt8(truncatingIfNeeded: number("time_to_live")), hidesTCPFlags: bits.areHidden)
    }
}
