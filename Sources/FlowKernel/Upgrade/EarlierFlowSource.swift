// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel
package import Host

/// Tables of another layout as a meter sees them: no program counts into them any more, and what they hold is taken once.
package struct EarlierFlowSource: PortSource, ~Copyable {
    let tables: EarlierTables

    package var installation: UInt64 { tables.installation }
    package var unreleased: [OpenWindow] { tables.unreleased }
    package var openWindow: OpenWindow { tables.openWindow }

    /// Nothing is opened: programs count elsewhere.
    package mutating func open(_: OpenWindow) throws(KernelError) {}

    package func drain(_ window: UInt32, into flows: inout FlowTable) throws(KernelError) {
        try tables.drain(window, into: &flows)
    }

    package func totals(of window: UInt32) throws(KernelError) -> [PortSide: PortTotals] {
        var totals: [PortSide: PortTotals] = [:]
        for port in try tables.registeredPorts() {
            let both = try tables.totals(of: port, in: window)
            totals[PortSide(port: port.number, direction: .ingress)] = both.ingress
            totals[PortSide(port: port.number, direction: .egress)] = both.egress
        }
        return totals
    }

    package mutating func release(_ window: UInt32) throws(KernelError) { tables.setReleased(window) }

    /// None: the ports are in another register by now.
    package func closingPorts() throws(KernelError) -> [PortNumber] { [] }

    package var isFillingUp: Bool { false }

    /// Nothing: the ports are in another register by now.
    package func forget(_ ports: [PortNumber]) throws(KernelError) {}

    /// What tap sessions have counted in these accounts; none where that layout does not say where.
    package func tapCounts(of accounts: Set<Int>) throws(KernelError) -> [Int: DirectionTapCounts] {
        try tables.tapCounts(of: accounts)
    }

    /// The ports that were counted for, as the register had them.
    package func ports() throws(KernelError) -> [RegisteredPort] { try tables.registeredPorts() }
}
