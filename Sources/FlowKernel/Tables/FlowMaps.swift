// SPDX-License-Identifier: Apache-2.0

package import BPF
import CLibbpf
import CWeirABI
import FlowMeter
import FlowModel
package import Host

/// The maps that all ports' programs share, and every reader opens.
package struct FlowMaps: ~Copyable {
    let control: BPFMap
    let table: EngineTable
    /// The same for frames that are sent past qdiscs, made when the first port needs it. What counts there is interrupted by the
    /// programs that count into the other table, and a table has one writer per CPU.
    let sent: MapsOnDemand<SharedTable>
    let ports: BPFMap
    /// Where the fields lie in these maps.
    let layout: BPFMap
    /// The ring through which programs wake the meter.
    let wakes: BPFMap
    /// By which entries in libxdp's dispatchers hear from those of a later version.
    package let claimed: BPFMap
    /// What each port counted.
    package let counts: PortCountsStore
    /// Made when the first policy is loaded.
    let policy: MapsOnDemand<PolicyTables>
    /// Made when the first frames are copied.
    let copies: MapsOnDemand<CopyTables>
    /// Made when the first port is sampled, and with the maps of copies.
    let sampling: MapsOnDemand<SamplingTables>
    /// Fragments that are on their way, of each port.
    let fragments: PortMapStore
    /// Of ports with a policy.
    let connections: PortMapStore
    /// By which programs that ports share know whose frame it is.
    let interfaces: InterfaceTables
    /// Where they are pinned; nil: nowhere.
    let directory: PinDirectory?

    /// Makes all maps that ports share. Seconds for millions of flows.
    ///
    /// - Parameter directory: where they will be pinned, and what ports count is pinned already; nil: nowhere.
    static func create(_ geometry: TableGeometry, pinnedIn directory: PinDirectory?) throws(KernelError) -> FlowMaps {
        let totalsOf = try MapOfPorts.create(WEIR_MAP_TOTALS_OF, of: PortCounts.layout)
        let fragmentsOf = try MapOfPorts.create(WEIR_MAP_FRAGMENTS_OF, of: PortMapKind.fragments.layout)
        let connectionsOf = try MapOfPorts.create(WEIR_MAP_CONNECTIONS_OF, of: PortMapKind.connections.layout)
        return FlowMaps(
            control: try .create(Layouts.control), table: try .create(geometry),
            sent: sentTable(geometry, in: directory, rights: .readWrite),
            ports: try .create(Layouts.ports), layout: try makeLayout(), wakes: try .create(Layouts.wakes),
            claimed: try .create(Layouts.claimed),
            counts: PortCountsStore(directory: directory?.layout, of: totalsOf, rights: .readWrite),
            policy: policyTables(in: directory, rights: .readWrite),
            copies: copyTables(in: directory, rights: .readWrite),
            sampling: samplingTables(in: directory, rights: .readWrite),
            fragments: PortMapStore(.fragments, of: fragmentsOf, in: directory),
            connections: PortMapStore(.connections, of: connectionsOf, in: directory),
            interfaces: InterfaceTables(in: directory), directory: directory)
    }

    private static func sentTable(
        _ geometry: TableGeometry, in directory: PinDirectory?, rights: Descriptor.Rights
    ) -> MapsOnDemand<SharedTable> {
        MapsOnDemand(in: directory?.sentTable) { folder throws(KernelError) in
            SharedTable(try .open(geometry, pinnedIn: folder, rights: rights))
        } create: { () throws(KernelError) in
            SharedTable(try .create(geometry))
        }
    }

    private static func policyTables(in directory: PinDirectory?, rights: Descriptor.Rights) -> MapsOnDemand<
        PolicyTables
    > {
        MapsOnDemand(in: directory?.policy) { folder throws(KernelError) in
            try PolicyTables.open(pinnedIn: folder, rights: rights)
        } create: { () throws(KernelError) in
            try PolicyTables.create()
        }
    }

    private static func copyTables(in directory: PinDirectory?, rights: Descriptor.Rights) -> MapsOnDemand<CopyTables> {
        MapsOnDemand(in: directory?.copies) { folder throws(KernelError) in
            try CopyTables.open(pinnedIn: folder, rights: rights)
        } create: { () throws(KernelError) in
            try CopyTables.create(in: directory?.copies.path)
        }
    }

    private static func samplingTables(
        in directory: PinDirectory?, rights: Descriptor.Rights
    ) -> MapsOnDemand<SamplingTables> {
        MapsOnDemand(in: directory?.sampling) { folder throws(KernelError) in
            try SamplingTables.open(pinnedIn: folder, rights: rights)
        } create: { () throws(KernelError) in
            try SamplingTables.create()
        }
    }

    private static func makeLayout() throws(KernelError) -> BPFMap {
        let map = try BPFMap.create(Layouts.layout)
        let text = LayoutDescription.own.text
        precondition(text.count < Int(WEIR_LAYOUT_BYTES))
        let bytes = try MappedArray<UInt8>(of: map, rights: .readWrite)
        for index in text.indices { bytes[index] = text[index] }
        return map
    }

    /// Opens the control map pinned in that directory, which tells what the others are.
    static func openControl(pinnedIn directory: String, rights: Descriptor.Rights) throws(KernelError) -> BPFMap {
        try .open(pinnedAt: "\(directory)/\(Layouts.control.name)", layout: Layouts.control, rights: rights)
    }

    /// Opens the other maps pinned in that directory.
    static func open(
        _ control: consuming BPFMap, _ geometry: TableGeometry, pinnedIn directory: PinDirectory,
        rights: Descriptor.Rights,
        counts: PortCountsStore? = nil
    ) throws(KernelError) -> FlowMaps {
        func pinned(_ layout: MapLayout) throws(KernelError) -> BPFMap {
            try .open(pinnedAt: "\(directory.layout)/\(layout.name)", layout: layout, rights: rights)
        }
        func ofPorts(_ name: String, _ own: MapLayout) throws(KernelError) -> MapOfPorts {
            try .open(name, of: own, pinnedIn: directory.layout, rights: rights)
        }
        let store: PortCountsStore
        if let counts {
            store = counts
        } else {
            store = PortCountsStore(
                directory: directory.layout, of: try ofPorts(WEIR_MAP_TOTALS_OF, PortCounts.layout),
                rights: rights)
        }
        return FlowMaps(
            control: control, table: try .open(geometry, pinnedIn: directory.layout, rights: rights),
            sent: sentTable(geometry, in: directory, rights: rights),
            ports: try pinned(Layouts.ports), layout: try pinned(Layouts.layout), wakes: try pinned(Layouts.wakes),
            claimed: try pinned(Layouts.claimed),
            counts: store,
            policy: policyTables(in: directory, rights: rights), copies: copyTables(in: directory, rights: rights),
            sampling: samplingTables(in: directory, rights: rights),
            fragments: PortMapStore(
                .fragments, of: try ofPorts(WEIR_MAP_FRAGMENTS_OF, PortMapKind.fragments.layout), in: directory),
            connections: PortMapStore(
                .connections, of: try ofPorts(WEIR_MAP_CONNECTIONS_OF, PortMapKind.connections.layout), in: directory),
            interfaces: InterfaceTables(in: directory), directory: directory)
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
        for ofPorts in mapsOfPorts { try body(ofPorts.map) }
        try body(control)
    }

    /// By each of which programs find what one kind of thing a port has.
    var mapsOfPorts: [MapOfPorts] { [counts.ofPorts, fragments.ofPorts, connections.ofPorts] }

    /// Kernel memory of all maps, those of the ports among them, in bytes.
    package var memoryBytes: UInt64 {
        var sum: UInt64 = 0
        let ports = (try? registeredPorts()) ?? []
        sum += interfaces.memoryBytes(of: Set(ports.map(\.networkNamespace)))
        for port in ports {
            sum += (try? counts.counts(of: port))?.map.memoryBytes ?? 0
            sum += fragments.memoryBytes(of: port.number) + connections.memoryBytes(of: port.number)
        }
        try? policy.current()?.forEachMap { map throws(KernelError) in sum += map.memoryBytes }
        try? copies.current()?.forEachMap { map throws(KernelError) in sum += map.memoryBytes }
        try? sampling.current()?.forEachMap { map throws(KernelError) in sum += map.memoryBytes }
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

    /// Gives ports what their programs need, all that is not there yet. Waits for the kernel once or twice, however many ports.
    package func publish(_ ports: [RegisteredPort]) throws(KernelError) {
        try counts.publish(ports)
        try fragments.publish(ports)
    }

    /// By which the programs of a network namespace know its ports: all of those that are attached. The turn of the ports must be the
    /// caller's.
    func interfaces(of namespace: UInt64) throws(KernelError) -> InterfaceTable {
        if let known = try interfaces.existing(namespace) { return known }
        let table = try interfaces.make(namespace)
        for port in try registeredPorts() where port.isIn(namespace) && !port.isClosing && !port.isUnfinished {
            try table.set(port)
        }
        return table
    }

    /// The same of what programs need that ask the policy.
    func publishConnections(of ports: [RegisteredPort]) throws(KernelError) { try connections.publish(ports) }
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
