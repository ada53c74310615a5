// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel
package import SystemPackage

/// The flow tables of a simulated host: they outlive the daemon, and are lost when the host crashes. Used from one thread.
///
/// It notes all that it counts, part by part, so that a checker can compare. Each flow has the number of its window in its address: a
/// flow is of one window, so that its records anywhere tell what became of that window.
package final class SimulatedKernel {
    /// What was counted in one part of a window.
    package struct Part {
        /// Of the window's first part.
        package let window: UInt32
        package fileprivate(set) var flows: [FlowKey: PacketCount] = [:]
        /// What found no slot, by port.
        package fileprivate(set) var overflow: [PortNumber: PacketCount] = [:]
        /// Whether the daemon has let the kernel forget it, so that it must be in the journal.
        package fileprivate(set) var isReleased = false
        /// Whether the daemon has opened the next one, so that it may be in the journal.
        package fileprivate(set) var isClosed = false
    }

    package let installation: UInt64
    /// Of the tables, in flows.
    package let capacity: Int
    package private(set) var openWindow: OpenWindow
    package private(set) var unreleasedWindow: OpenWindow?
    /// By the numbers of windows.
    package private(set) var parts: [UInt32: Part] = [:]
    private var slots: [[CountedFlow]] = [[], []]
    private var totals: [[PortSide: PortTotals]] = [[:], [:]]

    package init(installation: UInt64, capacity: Int, opened: ClockAnchor) {
        self.installation = installation
        self.capacity = capacity
        openWindow = OpenWindow(number: Window.firstNumber, anchor: opened, end: opened.realtime)
        parts[openWindow.number] = Part(window: openWindow.firstNumber)
    }

    package var isFillingUp: Bool { slots[generation].count > capacity * 3 / 4 }

    private var generation: Int { Int(openWindow.number % 2) }

    /// Counts packets of a flow, as a program would.
    ///
    /// - Parameter flow: its number, from 0 on.
    package func count(_ packets: UInt64, flow: UInt16, at port: PortNumber, now: MonotonicTime) {
        let key = key(flow, port)
        let count = PacketCount(packets: packets, octets: packets * (40 + UInt64(flow)))
        let side = PortSide(port: port, direction: key.direction)
        let number = openWindow.number
        totals[generation][side, default: PortTotals()].seen += count
        totals[generation][side, default: PortTotals()].ip += count
        guard slots[generation].count < capacity else {
            totals[generation][side, default: PortTotals()].overflow += count
            parts[number]?.overflow[port, default: .zero] += count
            return
        }
        slots[generation].append(CountedFlow(key: key, counters: FlowCounters(count: count, first: now, last: now)))
        parts[number]?.flows[key, default: .zero] += count
    }

    private func key(_ flow: UInt16, _ port: PortNumber) -> FlowKey {
        FlowKey(
            port: port, direction: .egress, transport: TransportNumber.udp,
            source: IPAddress(v6High: installation, low: UInt64(openWindow.firstNumber)),
            destination: IPAddress(v6High: 1, low: UInt64(port.rawValue)), sourcePort: flow, destinationPort: 53)
    }
}

// What a meter calls.
extension SimulatedKernel {
    fileprivate func open(_ window: OpenWindow) {
        precondition(unreleasedWindow == nil, "a window was opened before the one before was released")
        unreleasedWindow = openWindow
        parts[openWindow.number]?.isClosed = true
        openWindow = window
        parts[window.number] = Part(window: window.firstNumber)
    }

    fileprivate func drain(_ window: UInt32, into flows: inout FlowTable) {
        precondition(window != openWindow.number, "the open window was drained")
        let slots = slots[Int(window % 2)]
        flows.merge(slots.span)
    }

    fileprivate func totals(of window: UInt32) -> [PortSide: PortTotals] { totals[Int(window % 2)] }

    fileprivate func release(_ window: UInt32) {
        precondition(window == unreleasedWindow?.number, "a window was released twice")
        slots[Int(window % 2)] = []
        totals[Int(window % 2)] = [:]
        unreleasedWindow = nil
        parts[window]?.isReleased = true
    }
}

/// The tables of a simulated kernel as the meter of one process sees them. The process may die in any call.
package struct SimulatedFlowSource: PortSource, ~Copyable {
    private let kernel: SimulatedKernel
    private let process: SimulatedProcess

    package init(_ kernel: SimulatedKernel, _ process: SimulatedProcess) {
        self.kernel = kernel
        self.process = process
    }

    package mutating func open(_ window: OpenWindow) throws(Errno) {
        try process.pass()
        kernel.open(window)
        try process.pass()
    }

    package func drain(_ window: UInt32, into flows: inout FlowTable) throws(Errno) {
        try process.pass()
        kernel.drain(window, into: &flows)
    }

    package func totals(of window: UInt32) throws(Errno) -> [PortSide: PortTotals] { kernel.totals(of: window) }

    package mutating func release(_ window: UInt32) throws(Errno) {
        try process.pass()
        kernel.release(window)
        try process.pass()
    }

    package func closingPorts() throws(Errno) -> [PortNumber] { [] }

    package func forget(_ ports: [PortNumber]) throws(Errno) {}

    package var isFillingUp: Bool { kernel.isFillingUp }
}
