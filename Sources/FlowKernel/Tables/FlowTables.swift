// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
package import FlowMeter
package import FlowModel
package import Host

/// The shared maps and the control page over them: what programs count into and readers read.
package struct FlowTables: ~Copyable {
    package let maps: FlowMaps
    package let control: ControlPage
    package let geometry: TableGeometry

    /// Makes new tables, with their first window open. They live as long as a process refers to them.
    ///
    /// - Parameter directory: where they will be pinned; nil: nowhere.
    package static func create(
        _ geometry: TableGeometry, seed: HashSeed = .random(), for directory: PinDirectory? = nil
    ) throws(KernelError) -> FlowTables {
        let maps = try FlowMaps.create(geometry, pinnedIn: directory)
        let control = try ControlPage(of: maps.control, rights: .readWrite)
        control.setTable(geometry.abi(seed: seed))
        control.setInstallation(.random(in: 1...(.max)))
        control.open(
            number: Window.firstNumber, first: Window.firstNumber, tick: try TickClock().now(), anchor: .now,
            closes: nil)
        return FlowTables(maps: maps, control: control, geometry: geometry)
    }

    /// Opens the pinned tables.
    package static func open(in directory: PinDirectory, rights: Descriptor.Rights) throws(KernelError) -> FlowTables {
        try open(in: directory, rights: rights, counts: nil)
    }

    /// Opens them again in the same process: the counts of ports, a descriptor each, are open once.
    package static func open(
        in directory: PinDirectory, sharing counts: PortCountsStore
    ) throws(KernelError) -> FlowTables {
        try open(in: directory, rights: .readWrite, counts: counts)
    }

    private static func open(
        in directory: PinDirectory, rights: Descriptor.Rights, counts: PortCountsStore?
    ) throws(KernelError) -> FlowTables {
        let controlMap = try FlowMaps.openControl(pinnedIn: directory.layout, rights: rights)
        let control = try ControlPage(of: controlMap, rights: rights)
        guard let geometry = TableGeometry(control.table) else {
            throw KernelError(
                .invalid, "cannot open the tables under \(directory.layout)", cause: "they are of no known engine",
                remedy: "remove that directory, and attach again")
        }
        let maps = try FlowMaps.open(
            controlMap, geometry, pinnedIn: directory, rights: rights, counts: counts)
        return FlowTables(maps: maps, control: control, geometry: geometry)
    }

    /// Calls `body` with all that was counted in the window: each flow once for every CPU that saw it, some at a time.
    package func forEachBatch(of window: UInt32, _ body: (Span<CountedFlow>) -> Void) throws(KernelError) {
        let opened = control.opened(window)
        try maps.forEachTable { table throws(KernelError) in
            try table.forEachBatch(of: window, opened: opened, body)
        }
    }

    /// Names the daemon that swaps from now on; nil when it stops.
    package func setMeter(pid: Int32?, interval: Duration?) { control.setMeter(pid: pid, interval: interval) }
}

extension FlowTables {
    /// The flows of the open window so far, without disturbing it: what arrives meanwhile may or may not be in.
    ///
    /// Where the window is closed and drained under the reading, it is read anew; after a few times what was read is
    /// returned as it is.
    package func snapshot() throws(KernelError) -> FlowSnapshot {
        for _ in 0..<3 {
            let window = control.window
            let opened = control.opened
            let snapshot = FlowSnapshot(
                window: window, opened: opened, closes: control.closes, flows: try flows(of: window),
                totals: try totals(in: window))
            if control.window == window { return snapshot }
        }
        throw KernelError(
            .busy, "cannot read the open window", cause: "windows end faster than they can be read",
            remedy: "use a longer interval")
    }

    private func flows(of window: UInt32) throws(KernelError) -> FlowTable {
        var flows = FlowTable()
        try forEachBatch(of: window) { flows.merge($0) }
        return flows
    }

    private func totals(in window: UInt32) throws(KernelError) -> [PortNumber: DirectionTotals] {
        var result: [PortNumber: DirectionTotals] = [:]
        for port in try maps.registeredPorts() {
            result[port.number] = try maps.totals(of: port, in: window)
        }
        return result
    }

    /// What a port saw since it was attached; nil where it is registered no more.
    package func lifetimeTotals(of port: RegisteredPort) throws(KernelError) -> DirectionTotals? {
        try maps.lifetimeTotals(of: port)
    }

    /// How many flows the open window holds so far: one on several CPUs is one.
    package func flowCount() throws(KernelError) -> Int { try flows(of: control.window).count }

    /// How full the tables of the open window are, CPU by CPU where each has its own.
    package func load() throws(KernelError) -> [TableLoad] {
        let window = control.window
        var load: [TableLoad] = []
        try maps.forEachTable { table throws(KernelError) in load += try table.load(of: window) }
        return load
    }
}

/// A port's totals in both directions.
package struct DirectionTotals: Equatable, Sendable {
    package var ingress: PortTotals
    package var egress: PortTotals

    package var both: PortTotals { ingress + egress }
}

/// The open window as it was at one moment.
package struct FlowSnapshot: Sendable {
    package let window: UInt32
    package let opened: ClockAnchor
    package let closes: UnixTime?
    package let flows: FlowTable
    package let totals: [PortNumber: DirectionTotals]
}
