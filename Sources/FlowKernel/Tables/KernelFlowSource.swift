// SPDX-License-Identifier: Apache-2.0

package import BPF
import DurableFiles
package import FlowMeter
package import FlowModel
package import Host

/// The kernel's tables as the meter sees them.
package struct KernelFlowSource: PortSource, ~Copyable {
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
        // An earlier meter may have died between opening a window and waiting for the programs to see it.
        try gracePeriod.wait()
        let clock = try TickClock()
        let wakes = try MeterWakes(of: tables.maps)
        self.clock = clock
        self.wakes = wakes
        self.gracePeriod = gracePeriod
        self.tables = tables
    }

    package mutating func open(_ window: OpenWindow) throws(KernelError) {
        try tables.maps.forEachTable { table throws(KernelError) in try table.prepare(for: window.number) }
        tables.control.open(
            number: window.number, first: window.firstNumber, tick: try clock.now(), anchor: window.anchor,
            closes: window.end)
        try gracePeriod.wait()
    }

    package func drain(_ window: UInt32, into flows: inout FlowTable) throws(KernelError) {
        try tables.forEachBatch(of: window) { flows.merge($0) }
    }

    package func totals(of window: UInt32) throws(KernelError) -> [PortSide: PortTotals] {
        let ports = try ports()
        var totals = [PortSide: PortTotals](minimumCapacity: ports.count * Direction.allCases.count)
        tables.maps.counts.close(allBut: ports)
        for port in ports {
            guard let both = try tables.maps.totals(of: port, in: window) else { continue }
            totals[PortSide(port: port.number, direction: .ingress)] = both.ingress
            totals[PortSide(port: port.number, direction: .egress)] = both.egress
        }
        return totals
    }

    package func samples(of window: UInt32, at sides: [PortSide]) throws(KernelError) -> FrameSamples {
        guard !sides.isEmpty else { return [:] }
        let numbers = Set(sides.map(\.port))
        var samples: FrameSamples = [:]
        for port in try ports() where numbers.contains(port.number) {
            samples.merge(try tables.maps.samples(of: port, in: window)) { $1 }
        }
        return samples
    }

    package mutating func release(_ window: UInt32) throws(KernelError) {
        for port in try ports() { try tables.maps.setDrained(port, in: window) }
        FaultPoint.reach(.midRelease)
        try tables.maps.forEachTable { table throws(KernelError) in try table.release(window) }
        tables.control.setReleased(window)
    }
}

extension KernelFlowSource {
    /// The ports that programs count for, or that have counts left to drain.
    package func ports() throws(KernelError) -> [RegisteredPort] { try tables.maps.registeredPorts() }

    package func closingPorts() throws(KernelError) -> [PortNumber] { try ports().filter(\.isClosing).map(\.number) }

    package var isFillingUp: Bool { tables.control.isFillingUp }

    package func forget(_ ports: [PortNumber]) throws(KernelError) {
        try tables.maps.unregister(ports)
    }
}
