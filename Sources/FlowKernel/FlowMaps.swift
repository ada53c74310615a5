// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import CWeirABI
import FlowMeter
import FlowModel

/// The maps that all ports' programs share, and every reader opens.
package struct FlowMaps: ~Copyable {
    let control: BPFMap
    let table: EngineTable
    /// The same for frames that are sent past qdiscs.
    let sent: SentTable
    let ports: BPFMap
    /// Where the fields lie in these maps.
    let layout: BPFMap
    /// The ring through which programs wake the meter.
    let wakes: BPFMap
    /// By which entries in libxdp's dispatchers hear from those of a later version.
    package let claimed: BPFMap
    /// What each port counted.
    package let counts: PortCountsStore
    let policy: PolicyStore
    /// Fragments that are on their way, of each port.
    let fragments: PortMapStore
    /// Of ports with a policy.
    let connections: PortMapStore
    /// Where they are pinned; nil: nowhere.
    private let directory: PinDirectory?

    /// Makes all maps that ports share. Seconds for millions of flows.
    ///
    /// - Parameter directory: where they will be pinned, and what ports count is pinned already; nil: nowhere.
    static func create(_ geometry: TableGeometry, pinnedIn directory: PinDirectory?) throws(KernelError) -> FlowMaps {
        FlowMaps(
            control: try .create(Layouts.control), table: try .create(geometry),
            sent: SentTable(geometry, in: directory, isWritable: true),
            ports: try .create(Layouts.ports), layout: try makeLayout(), wakes: try .create(Layouts.wakes),
            claimed: try .create(Layouts.claimed),
            counts: PortCountsStore(directory: directory?.layout, isWritable: true),
            policy: PolicyStore(in: directory, isWritable: true), fragments: PortMapStore(.fragments, in: directory),
            connections: PortMapStore(.connections, in: directory), directory: directory)
    }

    private static func makeLayout() throws(KernelError) -> BPFMap {
        let map = try BPFMap.create(Layouts.layout)
        let text = LayoutDescription.own.text
        precondition(text.count < Int(WEIR_LAYOUT_BYTES))
        let bytes = try MappedArray<UInt8>(of: map, isWritable: true)
        for index in text.indices { bytes[index] = text[index] }
        return map
    }

    /// Opens the control map pinned in that directory, which tells what the others are.
    static func openControl(pinnedIn directory: String, isWritable: Bool) throws(KernelError) -> BPFMap {
        try .open(pinnedAt: "\(directory)/\(Layouts.control.name)", layout: Layouts.control, isWritable: isWritable)
    }

    /// Opens the other maps pinned in that directory.
    static func open(
        _ control: consuming BPFMap, _ geometry: TableGeometry, pinnedIn directory: PinDirectory, isWritable: Bool,
        counts: PortCountsStore? = nil
    ) throws(KernelError) -> FlowMaps {
        func pinned(_ layout: MapLayout) throws(KernelError) -> BPFMap {
            try .open(pinnedAt: "\(directory.layout)/\(layout.name)", layout: layout, isWritable: isWritable)
        }
        return FlowMaps(
            control: control, table: try .open(geometry, pinnedIn: directory.layout, isWritable: isWritable),
            sent: SentTable(geometry, in: directory, isWritable: isWritable),
            ports: try pinned(Layouts.ports), layout: try pinned(Layouts.layout), wakes: try pinned(Layouts.wakes),
            claimed: try pinned(Layouts.claimed),
            counts: counts ?? PortCountsStore(directory: directory.layout, isWritable: isWritable),
            policy: PolicyStore(in: directory, isWritable: isWritable),
            fragments: PortMapStore(.fragments, in: directory),
            connections: PortMapStore(.connections, in: directory), directory: directory)
    }

    /// Pins every map in that directory; the control map last, so that its pin says that all are there.
    func pin(in directory: String) throws(KernelError) {
        try forEachMap { map throws(KernelError) in try map.pin(at: "\(directory)/\(map.name)") }
    }

    /// Calls `body` with every map, with the control map last.
    func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try table.forEachMap(body)
        try body(ports)
        try body(layout)
        try body(wakes)
        try body(claimed)
        try body(control)
    }

    /// Kernel memory of all maps, those of the ports among them, in bytes.
    package var memoryBytes: UInt64 {
        var sum: UInt64 = 0
        for port in (try? registeredPorts()) ?? [] {
            sum += (try? counts.counts(of: port))?.map.memoryBytes ?? 0
            sum += fragments.memoryBytes(of: port.number) + connections.memoryBytes(of: port.number)
        }
        try? policy.current()?.forEachMap { map throws(KernelError) in sum += map.memoryBytes }
        try? forEachMap { map throws(KernelError) in sum += map.memoryBytes }
        try? sent.current()?.table.forEachMap { map throws(KernelError) in sum += map.memoryBytes }
        return sum
    }

    /// Of it, what the flow tables take.
    package var tableBytes: UInt64 {
        var sum: UInt64 = 0
        try? forEachTable { table throws(KernelError) in
            try table.forEachMap { map throws(KernelError) in sum += map.memoryBytes }
        }
        return sum
    }

    /// Calls `body` with the table of what the network hooks see, and that of what is sent past qdiscs, where it is there.
    func forEachTable(_ body: (borrowing EngineTable) throws(KernelError) -> Void) throws(KernelError) {
        try body(table)
        if let made = try sent.current() { try body(made.table) }
    }

    /// Makes the object, which will run for that port, use these maps instead of making its own.
    func share(
        with object: borrowing BPFObject, _ kind: ProgramKind, port: RegisteredPort
    ) throws(KernelError) {
        try object.reuse(control, as: WEIR_DATA_CONTROL)
        try object.reuse(counts.counts(of: port).map)
        try object.reuse(fragments.make(for: port))
        try object.reuse(wakes)
        guard kind == .sentToPort else {
            return try table.forEachMap { map throws(KernelError) in try object.reuse(map) }
        }
        try sent.make().table.forEachMap { map throws(KernelError) in try object.reuse(map) }
        // Where nothing is pinned it has a map of its own, of no frame.
        guard let directory, let sending = try SentFrames.sendingMap(in: directory) else { return }
        try object.reuse(sending, as: WEIR_MAP_SENDING)
    }

    /// Makes the object, which asks the policy, ask this one, and note the port's connections.
    func sharePolicy(with object: borrowing BPFObject, port: RegisteredPort) throws(KernelError) {
        try policy.make().forEachMap { map throws(KernelError) in try object.reuse(map) }
        try object.reuse(connections.make(for: port))
    }

    /// Makes the object deliver to the sockets behind the port; where nothing is pinned, it has a map of its own, of none.
    func shareSockets(with object: borrowing BPFObject, port: RegisteredPort) throws(KernelError) {
        guard let folder = counts.folder(of: port.number), SocketMap.isPinned(in: folder) else { return }
        try object.reuse(try SocketMap.open(in: folder), as: SocketMap.name)
    }
}

extension FlowMaps {
    enum Layouts {
        static let control = MapLayout(
            name: WEIR_MAP_CONTROL, type: BPF_MAP_TYPE_ARRAY, keySize: 4,
            valueSize: MemoryLayout<weir_control>.size, maxEntries: 1, flags: UInt32(BPF_F_MMAPABLE))
        static let ports = MapLayout(
            name: WEIR_MAP_PORTS, type: BPF_MAP_TYPE_HASH, keySize: 4, valueSize: MemoryLayout<weir_port>.size,
            maxEntries: Int(WEIR_MAX_PORTS))

        static let layout = MapLayout(
            name: WEIR_MAP_LAYOUT, type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: Int(WEIR_LAYOUT_BYTES),
            maxEntries: 1, flags: UInt32(BPF_F_MMAPABLE))

        static let wakes = MapLayout(
            name: WEIR_MAP_WAKES, type: BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0,
            maxEntries: Int(WEIR_WAKES_BYTES))

        static let claimed = MapLayout(
            name: WEIR_MAP_CLAIMED, type: BPF_MAP_TYPE_PERCPU_ARRAY, keySize: 4, valueSize: 8, maxEntries: 1)
    }
}
