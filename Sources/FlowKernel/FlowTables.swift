// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel

/// The shared maps and the control page over them: what programs count into and readers read.
package struct FlowTables: ~Copyable {
    package let maps: FlowMaps
    package let control: ControlPage

    /// Makes new tables, with their first window open. They live as long as somebody refers to them.
    ///
    /// - Parameter flowBudget: how many flows a window has room for.
    package static func create(flowBudget: Int) throws(KernelError) -> FlowTables {
        let maps = try FlowMaps.create(flowBudget: flowBudget)
        let control = try ControlPage(of: maps.control, isWritable: true)
        control.open(number: 1, anchor: .now, closes: nil)
        return FlowTables(maps: maps, control: control)
    }

    /// Opens the pinned tables.
    package static func open(in directory: PinDirectory, isWritable: Bool) throws(KernelError) -> FlowTables {
        let maps = try FlowMaps.open(pinnedIn: directory.layout)
        let control = try ControlPage(of: maps.control, isWritable: isWritable)
        return FlowTables(maps: maps, control: control)
    }

    /// Loads a port's copy of a program on these tables.
    package func load(_ kind: ProgramKind, port: PortNumber, role: PortRole) throws(KernelError) -> Program {
        try Program.load(kind, port: port, role: role, maps: maps)
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
        try maps.forEachSlot(of: window) { flows.merge($0, $1) }
        return flows
    }

    private func totals(in window: UInt32) throws(KernelError) -> [PortNumber: DirectionTotals] {
        var result: [PortNumber: DirectionTotals] = [:]
        for port in try maps.registeredPorts() {
            result[port.number] = DirectionTotals(
                ingress: try maps.totals(of: PortSide(port: port.number, direction: .ingress), in: window),
                egress: try maps.totals(of: PortSide(port: port.number, direction: .egress), in: window))
        }
        return result
    }

    /// What every registered port saw since it was attached.
    package func lifetimeTotals(of port: PortNumber) throws(KernelError) -> DirectionTotals {
        DirectionTotals(
            ingress: try maps.lifetimeTotals(of: PortSide(port: port, direction: .ingress)),
            egress: try maps.lifetimeTotals(of: PortSide(port: port, direction: .egress)))
    }

    /// How many flows the open window holds so far, over all CPUs and ports.
    package func occupancy() throws(KernelError) -> Int {
        try maps.flowCount(of: control.window)
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
