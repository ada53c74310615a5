// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
import Glibc
import Host

/// The VXLAN device that copies leave by and arrive by, with the programs that say where each of them goes. Their links are pinned beside the
/// maps, so that they work on without a process.
struct Tunnel {
    static let name = "weir-vxlan"
    /// Segments of super-frames and frames of guests with large MTUs go in whole.
    private static let mtu: UInt32 = 65_535 - 70

    /// Pinned here is what the device has: at its egress, and at its ingress. The first is pinned last.
    let link: String
    private let arrivals: String
    private let directory: PinDirectory

    init(in directory: PinDirectory) {
        link = "\(directory.copies.path)/tunnel"
        arrivals = "\(directory.copies.path)/arrivals"
        self.directory = directory
    }

    /// The device as another layout below the same base has it.
    private var shared: NetworkInterface? {
        directory.otherLayouts.lazy.compactMap { Tunnel(in: directory.withLayout(named: $0)).existing() }.first
    }

    /// The device, where it is there and is ours.
    func existing() -> NetworkInterface? {
        guard unsafe access(link, F_OK) == 0, let interface = try? NetworkInterface.named(Self.name) else { return nil }
        return interface
    }

    /// Makes the device where it is not there. One of another layout is taken over: its programs stay beside those of this one, each for its
    /// own copies, until that layout is removed.
    func make(_ tables: CopyTables, port: UInt16) throws(KernelError) -> NetworkInterface {
        if let interface = existing() { return interface }
        for path in [link, arrivals] { unsafe unlink(path) }
        let leaving = try Self.loadLeaving(tables)
        let arriving = try Self.loadArriving(tables)
        if TCHook.hasLinks, let interface = shared {
            try attach(arriving, leaving, to: interface)
            return interface
        }
        try Self.removeLeft(since: shared)
        let interface = try TunnelDevice.make(Self.name, port: port, mtu: Self.mtu)
        do throws(KernelError) {
            try attach(arriving, leaving, to: interface)
            return interface
        } catch {
            try? TunnelDevice.remove(interface)
            throw error
        }
    }

    private func attach(
        _ arriving: borrowing Program, _ leaving: borrowing Program, to interface: NetworkInterface
    ) throws(KernelError) {
        try Self.attach(arriving, to: interface, .fromPort, pinnedAt: arrivals)
        try Self.attach(leaving, to: interface, .toPort, pinnedAt: link)
    }

    /// Removes a device of this name that no program is on any more, since its pins were removed; and one whose filters cannot stand beside
    /// others.
    private static func removeLeft(since shared: NetworkInterface?) throws(KernelError) {
        if let shared { return try TunnelDevice.remove(shared) }
        guard TCHook.hasLinks, let left = try? NetworkInterface.named(name) else { return }
        let links = ThreadPrivileges.inForce {
            TCHook.Side.allCases.map { TCHook.linkIDs(interfaceIndex: left.index, side: $0) }
        }
        if links == [[], []] { try TunnelDevice.remove(left) }
    }

    /// Removes the device, if it is ours and of no other layout.
    func remove() throws(KernelError) {
        guard let interface = existing() else { return }
        if shared == nil { try TunnelDevice.remove(interface) }
        for path in [link, arrivals] { unsafe unlink(path) }
    }

    private static func attach(
        _ program: borrowing Program, to interface: NetworkInterface, _ side: TCHook.Side, pinnedAt path: String
    ) throws(KernelError) {
        switch try TCHook.attach(program, to: interface, side: side) {
        case .link(let link): try link.pin(at: path)
        case .filter: try program.loaded.pin(at: path)
        }
    }

    private static func loadLeaving(_ tables: CopyTables) throws(KernelError) -> Program {
        let object = try open("tap_tunnel")
        try object.reuse(tables.sessions)
        try object.reuse(tables.copying)
        try object.load()
        return Program(loaded: try object.takeProgram(named: WEIR_PROGRAM_TAP_TUNNEL), kind: .tcToPort, use: .plain)
    }

    private static func loadArriving(_ tables: CopyTables) throws(KernelError) -> Program {
        let object = try open("tap_arrive")
        try object.reuse(tables.arrivals)
        try object.reuse(tables.strangers)
        try object.load()
        return Program(loaded: try object.takeProgram(named: WEIR_PROGRAM_TAP_ARRIVE), kind: .tcFromPort, use: .plain)
    }

    private static func open(_ name: String) throws(KernelError) -> BPFObject {
        guard let bytes = EmbeddedObjects.object(named: name) else {
            preconditionFailure("no object was built as \(name)")
        }
        return try BPFObject(bytes, named: name)
    }
}
