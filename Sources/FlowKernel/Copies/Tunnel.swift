// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
import Glibc
import Host

/// The VXLAN device that copies leave by, with the program that says where each of them goes. Its link is pinned beside the maps, so that
/// it works on without a process.
struct Tunnel {
    static let name = "weir-vxlan"
    /// Segments of super-frames and frames of guests with large MTUs go in whole.
    private static let mtu: UInt32 = 65_535 - 70

    /// Pinned here is what the device has.
    let link: String

    init(in directory: PinDirectory) { link = "\(directory.copies.path)/tunnel" }

    /// The device, where it is there and is ours.
    func existing() -> NetworkInterface? {
        guard unsafe access(link, F_OK) == 0, let interface = try? NetworkInterface.named(Self.name) else { return nil }
        return interface
    }

    /// Makes the device where it is not there.
    func make(_ tables: CopyTables, port: UInt16) throws(KernelError) -> NetworkInterface {
        if let interface = existing() { return interface }
        unsafe unlink(link)
        let program = try Self.load(tables)
        let interface = try TunnelDevice.make(Self.name, port: port, mtu: Self.mtu)
        do throws(KernelError) {
            switch try TCHook.attach(program, to: interface, side: .toPort) {
            case .link(let link): try link.pin(at: self.link)
            case .filter: try program.loaded.pin(at: link)
            }
            return interface
        } catch {
            try? TunnelDevice.remove(interface)
            throw error
        }
    }

    /// Removes the device, if it is ours.
    func remove() throws(KernelError) {
        guard let interface = existing() else { return }
        try TunnelDevice.remove(interface)
        unsafe unlink(link)
    }

    private static func load(_ tables: CopyTables) throws(KernelError) -> Program {
        guard let bytes = EmbeddedObjects.object(named: "tap_tunnel") else {
            preconditionFailure("no object was built as tap_tunnel")
        }
        let object = try BPFObject(bytes, named: WEIR_PROGRAM_TAP_TUNNEL)
        try tables.forEachTunnelMap { map throws(KernelError) in try object.reuse(map) }
        try object.load()
        return Program(loaded: try object.takeProgram(named: WEIR_PROGRAM_TAP_TUNNEL), kind: .tcToPort, use: .plain)
    }
}
