// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A window as its segment has it: what is published when it is no longer in memory.
package struct JournaledWindow: Sendable {
    package var closed: ClosedWindow
    package var ports: [PortNumber: Port]
    package var isPrinted: Bool
    /// Flows that were given up, and are overflow in its totals now.
    package var flowsGivenUp: Int
    /// Whether anything of its segment was damaged.
    package var isDamaged: Bool
    /// Of all its flows, also where only a piece of them was asked for.
    let sums: FlowSums

    /// nil where not even one part tells what window it is of.
    package init?(_ content: consuming SegmentContent) {
        let descriptions = content.parts.compactMap(\.description)
        guard let first = descriptions.first, let last = descriptions.last else { return nil }
        let window = Window(
            number: last.window.number, start: first.window.start,
            end: max(last.window.end, first.window.start), endReason: last.window.endReason ?? .forcedEnd,
            spansRestart: descriptions.contains { $0.window.spansRestart })
        ports = descriptions.reduce(into: [:]) { ports, part in ports.merge(part.ports) { $1.covering($0) } }
        isPrinted = content.isPrinted
        sums = content.sums
        isDamaged = !content.isIntact
        flowsGivenUp = descriptions.reduce(0) { $0 + $1.flowsGivenUp }
        var gathered = GatheredParts()
        for index in content.parts.indices {
            let totals = content.parts[index].totals
            let samples = content.parts[index].description?.samples ?? [:]
            gathered.add(content.parts[index].takeFlows(), totals, samples)
        }
        closed = gathered.close(window, anchor: last.anchor)
    }
}

extension Port {
    /// The port as it is in a later part of the window, with the coverage of both parts.
    package func covering(_ earlier: Port) -> Port { with(coverage.combined(with: earlier.coverage)) }
}

extension JournaledWindow {
    /// The same without its flows: all that they told of is overflow.
    ///
    /// - Parameter flows: how many it has.
    func givenUp(flows: Int) -> (part: WindowPart, description: PartDescription) {
        var totals = closed.totals
        for side in totals.keys {
            guard var sum = totals[side] else { continue }
            sum.overflow = sum.seen - sum.notIP - sum.malformed
            totals[side] = sum
        }
        let part = WindowPart(
            window: closed.window, firstNumber: closed.window.number, anchor: closed.anchor, flows: FlowTable(),
            totals: totals, samples: closed.samples)
        var description = PartDescription(part, installation: 0, ports: ports)
        description.flowsGivenUp = flowsGivenUp + flows
        return (part, description)
    }
}
