// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
package import FlowModel
import Glibc
package import Host
import Synchronization

/// One kind of map of which every port has its own, so that a flood at one port takes nothing from another.
///
/// The maps are pinned beside the links of their port, if there is a directory, and are then opened anew whenever they are asked
/// for: another process may have made another. Else they live as long as the store. Safe to use from any thread.
final class PortMapStore: Sendable {
    /// A class, since several may look at it at a time.
    private final class Made: Sendable {
        let map: BPFMap

        init(_ map: consuming BPFMap) { self.map = map }
    }

    private let kind: PortMapKind
    let ofPorts: MapOfPorts
    private let directory: PinDirectory?
    private let unpinned = Mutex<[PortNumber: Made]>([:])

    /// - Parameters:
    ///   - ofPorts: by which programs find the port's.
    ///   - directory: in which they are or will be pinned; nil: nowhere.
    init(_ kind: PortMapKind, of ofPorts: MapOfPorts, in directory: PinDirectory?) {
        self.kind = kind
        self.ofPorts = ofPorts
        self.directory = directory
    }

    /// Makes the maps of these ports where they are not there, and has programs find them. The turn of the ports must be ours.
    func publish(_ ports: [RegisteredPort]) throws(KernelError) {
        var made: [Made] = []
        for port in ports { made.append(Made(try make(for: port))) }
        try ofPorts.set(zip(ports, made).map { ($0.number, $1.map.descriptor.raw) })
        withExtendedLifetime(made) {}
    }

    /// The port's map, which is made where it is not there. The turn of the ports must be ours.
    func make(for port: RegisteredPort) throws(KernelError) -> BPFMap {
        guard let path = path(of: port.number) else { return try makeUnpinned(port.number) }
        if unsafe access(path, F_OK) == 0 { return try .open(pinnedAt: path, layout: kind.layout, rights: .readWrite) }
        let map = try BPFMap.create(kind.layout)
        try map.pin(at: path)
        return map
    }

    private func makeUnpinned(_ number: PortNumber) throws(KernelError) -> BPFMap {
        let made: Made
        if let known = unpinned.withLock({ $0[number] }) {
            made = known
        } else {
            made = Made(try .create(kind.layout))
            unpinned.withLock { $0[number] = made }
        }
        return try BPFMap(adopting: made.map.descriptor.duplicate(), name: kind.layout.name)
    }

    /// Makes all of the port's map zero, whatever programs write at the same time.
    func clear(_ port: RegisteredPort) throws(KernelError) {
        let bytes = try MappedArray<UInt8>(of: try make(for: port), rights: .readWrite)
        for place in 0..<bytes.count { bytes[place] = 0 }
    }

    /// Forgets the port's map, once no program of the port uses it.
    func remove(_ number: PortNumber) {
        unpinned.withLock { $0[number] = nil }
        if let path = path(of: number) { unsafe unlink(path) }
    }

    /// Kernel memory of the port's map, in bytes; 0 where it has none.
    func memoryBytes(of number: PortNumber) -> UInt64 {
        guard let path = path(of: number), unsafe access(path, F_OK) == 0,
            let map = try? BPFMap.open(pinnedAt: path, layout: kind.layout, rights: .read)
        else { return 0 }
        return map.memoryBytes
    }

    private func path(of number: PortNumber) -> String? {
        directory.map { "\($0.portDirectory(number))/\(kind.rawValue)" }
    }
}

/// What ports have maps of their own for, by the name of the pin.
enum PortMapKind: String, CaseIterable, Sendable {
    /// First fragments of datagrams whose other fragments are on their way: 32 KB a port.
    case fragments
    /// What a policy has allowed statefully: 2 MB a port, made when the port's programs are first to ask the policy, and gone
    /// when they do no more.
    case connections

    var layout: MapLayout {
        switch self {
        case .fragments:
            MapLayout(
                name: WEIR_MAP_FRAGMENTS, type: BPF_MAP_TYPE_ARRAY, keySize: 4,
                valueSize: MemoryLayout<weir_fragment>.size, maxEntries: Int(WEIR_FRAGMENTS),
                flags: UInt32(BPF_F_MMAPABLE))
        case .connections:
            MapLayout(
                name: WEIR_MAP_CONNECTIONS, type: BPF_MAP_TYPE_ARRAY, keySize: 4,
                valueSize: MemoryLayout<weir_connection>.size, maxEntries: Int(WEIR_CONNECTIONS),
                flags: UInt32(BPF_F_MMAPABLE))
        }
    }
}

extension FlowMaps {
    /// Makes all connections of a port older: for tests, which cannot move the kernel's clock.
    package func ageConnections(of number: PortNumber, by age: Duration) throws(KernelError) {
        let port = RegisteredPort(
            number: number, interface: NetworkInterface(name: "none", index: 0), role: .guest, networkNamespace: 0)
        let connections = try MappedArray<weir_connection>(of: try connections.make(for: port), rights: .readWrite)
        for place in 0..<connections.count where connections[place].seen_ns != 0 {
            connections[place].seen_ns &-= UInt64(clamping: age.wholeNanoseconds)
        }
    }
}
