// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel

/// Counters in memory that keep the contract of a source and complain when the meter breaks it.
package struct FakeFlowSource: PortSource, ~Copyable {
    /// What the meter asked for against the contract.
    package enum Fault: Error, Equatable {
        case openedUnreleased(UInt32)
        case drainedOpen(UInt32)
        case releasedOpen(UInt32)
    }

    package private(set) var openWindow: OpenWindow?
    /// What it answers when it is asked whether the open window should be emptied early. Each swap ends it.
    package var isFillingUp = false
    private var number: UInt32
    /// A slot each: a flow on one CPU.
    private var generations: [[CountedFlow]] = [[], []]
    private var totals: [[PortSide: PortTotals]] = [[:], [:]]

    package init(openWindow number: UInt32) { self.number = number }

    package mutating func open(_ window: OpenWindow) throws(Fault) {
        guard generations[Self.generation(window.number)].isEmpty else { throw .openedUnreleased(window.number) }
        openWindow = window
        number = window.number
        isFillingUp = false
    }

    package func drain(_ window: UInt32, into flows: inout FlowTable) throws(Fault) {
        guard window != number else { throw .drainedOpen(window) }
        let slots = generations[Self.generation(window)]
        flows.merge(slots.span)
    }

    package func totals(of window: UInt32) throws(Fault) -> [PortSide: PortTotals] {
        totals[Self.generation(window)]
    }

    package mutating func release(_ window: UInt32) throws(Fault) {
        guard window != number else { throw .releasedOpen(window) }
        generations[Self.generation(window)] = []
        totals[Self.generation(window)] = [:]
    }

    package func closingPorts() throws(Fault) -> [PortNumber] { [] }

    package func forget(_ ports: [PortNumber]) throws(Fault) {}

    /// Counts packets of a flow, as a program on some CPU would, in the open window.
    package mutating func count(_ key: FlowKey, _ counters: FlowCounters) {
        generations[Self.generation(number)].append(CountedFlow(key: key, counters: counters))
        addTotals(PortSide(port: key.port, direction: key.direction)) { totals in
            totals.seen += counters.count
            totals.ip += counters.count
        }
    }

    /// Changes what a port saw in the open window.
    package mutating func addTotals(_ side: PortSide, _ change: (inout PortTotals) -> Void) {
        change(&totals[Self.generation(number)][side, default: PortTotals()])
    }

    private static func generation(_ window: UInt32) -> Int { Int(window % 2) }
}
