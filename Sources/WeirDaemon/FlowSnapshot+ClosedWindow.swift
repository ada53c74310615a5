// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
package import FlowMeter
package import FlowModel

extension ClosedWindow {
    /// The open window as it stands, as if it ended at that moment.
    package init(_ snapshot: FlowSnapshot, until end: UnixTime) {
        var totals: [PortSide: PortTotals] = [:]
        for (port, both) in snapshot.totals {
            totals[PortSide(port: port, direction: .ingress)] = both.ingress
            totals[PortSide(port: port, direction: .egress)] = both.egress
        }
        let window = Window(
            number: snapshot.window, start: snapshot.opened.realtime, end: end, endReason: nil)
        self.init(window: window, anchor: snapshot.opened, flows: snapshot.flows, totals: totals)
    }
}
