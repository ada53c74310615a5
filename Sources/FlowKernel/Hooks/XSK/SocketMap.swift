// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import Host

/// The sockets behind an AF_XDP port, by receive queue: the map that its program delivers to, and libxdp writes.
///
/// It is pinned with the port's links, so that a later program of the port delivers to the same.
enum SocketMap {
    /// What libxdp looks for.
    static let name = PortPin.sockets.name

    static func create(queues: ReceiveQueues) throws(KernelError) -> BPFMap {
        try BPFMap.create(
            MapLayout(name: name, type: BPF_MAP_TYPE_XSKMAP, keySize: 4, valueSize: 4, maxEntries: queues.most))
    }

    /// Pins it in a port's folder, in place of what is pinned there.
    static func pin(_ map: borrowing BPFMap, in folder: String) throws(KernelError) {
        unpin(in: folder)
        try map.pin(at: PortPin.sockets.path(in: folder))
    }

    static func open(in folder: String) throws(KernelError) -> BPFMap {
        try .open(pinnedAt: PortPin.sockets.path(in: folder))
    }

    static func isPinned(in folder: String) -> Bool { PortPin.sockets.isPinned(in: folder) }

    static func unpin(in folder: String) { PortPin.sockets.unpin(in: folder) }

    /// Whether a socket is open on any queue.
    static func hasSocket(_ map: borrowing BPFMap) throws(KernelError) -> Bool {
        let object = try BPFObject(EmbeddedObjects.xskSockets, named: WEIR_PROGRAM_XSK_SOCKETS)
        try object.reuse(map, as: name)
        try object.load()
        let program = try object.takeProgram(named: WEIR_PROGRAM_XSK_SOCKETS)
        for queue in 0..<map.maxEntries {
            if try program.run(on: frame(naming: queue)) == 1 { return true }
        }
        return false
    }

    /// The kernel takes no shorter one than an Ethernet header.
    private static func frame(naming queue: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: queue >> (8 * $0)) } + [UInt8](repeating: 0, count: 60)
    }
}

extension FlowMaps {
    /// Makes the object deliver to the sockets behind the port; where nothing is pinned, it has a map of its own, of none.
    func shareSockets(with object: borrowing BPFObject, port: RegisteredPort) throws(KernelError) {
        guard let folder = counts.folder(of: port.number), SocketMap.isPinned(in: folder) else { return }
        try object.reuse(try SocketMap.open(in: folder), as: SocketMap.name)
    }
}
