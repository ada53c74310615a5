// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel

/// The kernel's tables as the meter sees them.
package struct KernelFlowSource: FlowSource, ~Copyable {
    package let tables: FlowTables
    private let gracePeriod: GracePeriod
    private let clock: TickClock
    /// Rung by programs when the open window fills up.
    package let wakes: MeterWakes

    /// Takes over the tables; they must be open for writing.
    package init(tables: consuming FlowTables) throws(KernelError) {
        try self.init(tables: tables, gracePeriod: GracePeriod())
    }

    package init(tables: consuming FlowTables, gracePeriod: consuming GracePeriod) throws(KernelError) {
        let clock = try TickClock()
        let wakes = try MeterWakes(of: tables.maps)
        self.clock = clock
        self.wakes = wakes
        self.gracePeriod = gracePeriod
        self.tables = tables
    }

    package mutating func open(_ window: OpenWindow) throws(KernelError) {
        try tables.maps.table.prepare(for: window.number)
        tables.control.open(
            number: window.number, tick: try clock.now(), anchor: window.anchor, closes: window.end)
        try gracePeriod.wait()
    }

    package func drain(_ window: UInt32, into flows: inout FlowTable) throws(KernelError) {
        try tables.forEachBatch(of: window) { flows.merge($0) }
    }

    package func totals(of window: UInt32) throws(KernelError) -> [PortSide: PortTotals] {
        var totals: [PortSide: PortTotals] = [:]
        for side in try sides() {
            totals[side] = try tables.maps.totals(of: side, in: window)
        }
        return totals
    }

    package mutating func release(_ window: UInt32) throws(KernelError) {
        for side in try sides() { try tables.maps.setDrained(side, in: window) }
        try tables.maps.table.release(window)
    }

    private func sides() throws(KernelError) -> [PortSide] {
        try tables.maps.registeredPorts().flatMap { port in
            Direction.allCases.map { PortSide(port: port.number, direction: $0) }
        }
    }
}

extension KernelFlowSource {
    /// The ports that programs count for, or that have counts left to drain.
    package func ports() throws(KernelError) -> [RegisteredPort] { try tables.maps.registeredPorts() }

    /// Forgets ports whose last window is released.
    package func forget(_ ports: [PortNumber]) throws(KernelError) {
        for port in ports { try tables.maps.unregister(port) }
    }
}
