// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import FlowModel
import Glibc
import Host

/// A map of maps, one of each port, by the port's number: how programs that several ports share find what is a port's own.
///
/// A change waits until no program uses what was there (kernel: maybe_wait_bpf_programs), some 10 ms; changes that are made
/// together wait once, since Linux 5.19.
final class MapOfPorts: Sendable {
    let map: BPFMap
    /// Of each port's map.
    private let own: MapLayout

    static func create(_ name: String, of own: MapLayout) throws(KernelError) -> MapOfPorts {
        MapOfPorts(try .create(layout(name), holding: try .create(own)), of: own)
    }

    static func open(
        _ name: String, of own: MapLayout, pinnedIn directory: String, rights: Descriptor.Rights
    ) throws(KernelError) -> MapOfPorts {
        let layout = layout(name)
        return MapOfPorts(
            try .open(pinnedAt: "\(directory)/\(name)", layout: layout, rights: rights), of: own)
    }

    private init(_ map: consuming BPFMap, of own: MapLayout) {
        self.map = map
        self.own = own
    }

    private static func layout(_ name: String) -> MapLayout {
        MapLayout(
            name: name, type: BPF_MAP_TYPE_ARRAY_OF_MAPS, keySize: 4, valueSize: 4, maxEntries: Int(WEIR_MAX_PORTS))
    }

    /// Gives each of these ports its map, by a descriptor that must stay open meanwhile.
    func set(_ maps: [(port: PortNumber, descriptor: CInt)]) throws(KernelError) {
        guard maps.count > 1, try setTogether(maps) else {
            for entry in maps { try set(entry.descriptor, of: entry.port) }
            return
        }
    }

    /// Forgets the maps of these ports.
    func remove(_ ports: [PortNumber]) throws(KernelError) {
        if ports.count > 1 {
            // To put one map in the place of all of them is one wait; to remove them is one each.
            let none = try BPFMap.create(own)
            let raw = none.descriptor.raw
            if try setTogether(ports.map { ($0, raw) }) { return }
        }
        for port in ports {
            var index = UInt32(port.rawValue)
            let result = unsafe bpf_map_delete_elem(map.descriptor.raw, &index)
            guard result == 0 || result == -ENOENT else {
                throw KernelError(errno: result, "cannot write the map \(map.name)")
            }
        }
    }

    private func set(_ descriptor: CInt, of port: PortNumber) throws(KernelError) {
        var index = UInt32(port.rawValue)
        var value = descriptor
        let result = unsafe bpf_map_update_elem(map.descriptor.raw, &index, &value, UInt64(BPF_ANY))
        guard result == 0 else { throw KernelError(errno: result, "cannot write the map \(map.name)") }
    }

    /// Returns whether the kernel can do that; where it cannot, nothing is changed.
    private func setTogether(_ maps: [(port: PortNumber, descriptor: CInt)]) throws(KernelError) -> Bool {
        var keys = maps.map { UInt32($0.port.rawValue) }
        var values = maps.map(\.descriptor)
        var count = UInt32(maps.count)
        let result = unsafe bpf_map_update_batch(map.descriptor.raw, &keys, &values, &count, nil)
        if Self.notSupported.contains(result) { return false }
        guard result == 0 else { throw KernelError(errno: result, "cannot write the map \(map.name)") }
        return true
    }

    /// The kernel's own ENOTSUPP among them, which no header has (linux/errno.h).
    private static let notSupported: [CInt] = [-EINVAL, -EOPNOTSUPP, -524]
}
