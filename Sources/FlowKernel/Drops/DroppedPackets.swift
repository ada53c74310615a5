// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
package import FlowModel
package import Host

/// Owns the program that sees the packets which the kernel drops, and what it has counted. Nothing is pinned: it goes with
/// its owner.
package struct DroppedPackets: ~Copyable {
    private struct Entry: Hashable {
        let flow: FlowKey
        let reason: UInt32
    }

    private let program: BPFProgram
    private let link: Descriptor
    private let drops: BPFMap
    private let ports: BPFMap
    private let shares: BPFMap
    /// Three words for each port: `weir_drop_share`.
    private let mappedShares: MappedArray<UInt64>
    private let reasons = DropReasons()
    /// What is in the map of ports.
    private var followed: [UInt64: UInt32] = [:]
    /// What was counted when it was read last, by generation.
    private var before: [Entry: [PacketCount]] = [:]

    /// A kernel that gives the reason, and does not run the program within itself.
    package static let firstKernel = KernelVersion(6, 1)
    /// Flows that lost nothing for so long make room, before the map is full.
    private static let idleTime: UInt64 = 120_000_000_000

    /// Has the kernel call the program from now on. It counts for the window that is open in the tables, as the programs of ports do.
    package static func watch(for tables: borrowing FlowTables) throws(KernelError) -> DroppedPackets {
        if let running = KernelVersion.running, running < firstKernel {
            throw KernelError(
                .unsupported, "cannot watch dropped packets", cause: "this kernel is too old: it is \(running)",
                remedy: "use \(firstKernel) or later")
        }
        let object = try BPFObject(EmbeddedObjects.droppedPackets, named: WEIR_PROGRAM_DROPPED)
        try object.reuse(tables.maps.control, as: WEIR_DATA_CONTROL)
        try object.load()
        let program = try object.takeProgram(named: WEIR_PROGRAM_DROPPED)
        let raw = program.descriptor.raw
        let link = ThreadPrivileges.inForce { bpf_raw_tracepoint_open(nil, raw) }
        guard link >= 0 else { throw KernelError(errno: link, "cannot have the kernel call \(WEIR_PROGRAM_DROPPED)") }
        return try DroppedPackets(
            program: program, link: Descriptor(owning: link), drops: try object.map(named: WEIR_MAP_DROPS),
            ports: try object.map(named: WEIR_MAP_DROP_PORTS), shares: try object.map(named: WEIR_MAP_DROP_SHARES))
    }

    private init(
        program: consuming BPFProgram, link: consuming Descriptor, drops: consuming BPFMap, ports: consuming BPFMap,
        shares: consuming BPFMap
    ) throws(KernelError) {
        let mappedShares = try MappedArray<UInt64>(of: shares, rights: .readWrite)
        self.program = program
        self.link = link
        self.drops = drops
        self.ports = ports
        self.shares = shares
        self.mappedShares = mappedShares
    }

    /// Tells from now on by which of these ports packets came in.
    package mutating func set(_ registered: [RegisteredPort]) throws(KernelError) {
        var devices: [UInt64: UInt32] = [:]
        for port in registered {
            devices[port.dropDevice] = UInt32(port.number.rawValue)
            devices[port.dropNamespace] = 0
        }
        guard devices != followed else { return }
        for old in try ports.keys(initial: UInt64(0)) where devices[old] == nil { try ports.remove(old) }
        for (device, number) in devices { try ports.set(number, of: device) }
        followed = devices
    }

    /// What was dropped while this window was open. Some milliseconds for ten thousand flows.
    ///
    /// - Parameter window: number of a window, or of a part of one, that was closed; to be asked before the one after it is.
    package mutating func take(_ window: UInt32) throws(KernelError) -> [PacketDrop] {
        let generation = Int(window) % Int(WEIR_GENERATIONS)
        let now = ClockAnchor.now.monotonic.nanoseconds
        let keys = try drops.keys(initial: weir_drop_key())
        let isFull = keys.count > Int(WEIR_DROP_ENTRIES) / 2
        var new: [PacketDrop] = []
        for key in keys {
            guard let value = try drops.value(of: key, initial: weir_drop_count()) else { continue }
            let entry = Entry(flow: FlowKey(key.flow, weir_slot()), reason: key.reason)
            let counts = [PacketCount(value.of.0), PacketCount(value.of.1)]
            var known = before[entry] ?? [.zero, .zero]
            let grown = counts[generation] - known[generation]
            if !grown.isZero {
                new.append(PacketDrop(flow: entry.flow, reason: reasons[entry.reason], count: grown))
                known[generation] = counts[generation]
                before[entry] = known
            } else if counts != known {
                // It lost packets in the window that is open.
                continue
            } else if isFull || isCrowded(entry.flow.port) || now > value.last_ns + Self.idleTime {
                before[entry] = nil
                try drops.remove(key)
                mappedShares[Self.place(entry.flow.port) + 1] += 1
            }
        }
        return new
    }

    /// Whether the port's flows take more than half of its share.
    private func isCrowded(_ port: PortNumber) -> Bool {
        let place = Self.place(port)
        return mappedShares[place] &- mappedShares[place + 1] > UInt64(WEIR_DROP_PORT_SHARE) / 2
    }

    private static func place(_ port: PortNumber) -> Int { Int(port.rawValue) * 3 }

    /// Dropped packets whose flow found no room, by the port that they came in by (0: by another interface).
    package var missed: [PortNumber: UInt64] {
        var missed: [PortNumber: UInt64] = [:]
        for number in 0..<UInt16(WEIR_MAX_PORTS) {
            let count = mappedShares[Self.place(PortNumber(number)) + 2]
            if count > 0 { missed[PortNumber(number)] = count }
        }
        return missed
    }

    /// Dropped packets for which the kernel could not run the program.
    package var unseen: UInt64 { program.misses }
}

extension PacketCount {
    fileprivate init(_ sum: weir_drop_sum) { self.init(packets: sum.packets, octets: sum.octets) }
}

extension RegisteredPort {
    /// A `weir_drop_device` as one word.
    fileprivate var dropDevice: UInt64 { UInt64(interfaceIndex) | dropNamespace }

    /// The same of all other interfaces there.
    fileprivate var dropNamespace: UInt64 { UInt64(UInt32(truncatingIfNeeded: networkNamespace)) << 32 }
}
