// SPDX-License-Identifier: Apache-2.0

package import FlowModel
import Synchronization

/// What the kernel dropped, window by window, until the windows are published; and the judge of their records.
package final class KernelDropHistory: Sendable, VerdictJudge {
    private struct Drops: Sendable {
        var end: UnixTime
        var flows: [FlowKey: DroppedFlow]
    }

    private let windows = Mutex<[Drops]>([])

    /// Windows whose drops are kept; those that wait longer to be published are judged without.
    private static let most = 16

    package init() {}

    /// Takes what was dropped in a window that has just been closed. What its packets met after that is the next one's.
    package func note(_ drops: [PacketDrop], end: UnixTime) {
        var flows: [FlowKey: DroppedFlow] = [:]
        for drop in drops where !Self.isElsewhere(drop.reason) { flows[drop.flow, default: DroppedFlow()].add(drop) }
        windows.withLock { windows in
            windows.append(Drops(end: end, flows: flows))
            if windows.count > Self.most { windows.removeFirst() }
        }
    }

    package func judge(of window: Window) -> (any WindowJudge)? {
        let flows = windows.withLock { windows in windows.first { $0.end == window.end }?.flows }
        return flows.flatMap { $0.isEmpty ? nil : KernelDropJudge(flows: $0) }
    }

    /// Reasons for which a copy is dropped, or what has reached a socket of this host: the packet got through.
    private static func isElsewhere(_ reason: RejectReason) -> Bool {
        let consumed = ["SKB_CONSUMED", "SKB_NOT_DROPPED_YET", "OTHERHOST", "PACKET_SOCK_ERROR", "DUP_FRAG"]
        return consumed.contains(reason.text) || reason.text.hasPrefix("TCP_") || reason.text.hasPrefix("SOCKET_")
            || reason.text.hasPrefix("UNIX_")
    }
}

/// All that was dropped of a flow, whatever the reasons.
struct DroppedFlow: Sendable {
    private(set) var packets: UInt64 = 0
    private(set) var reason: RejectReason?
    private var packetsOfReason: UInt64 = 0

    mutating func add(_ drop: PacketDrop) {
        packets += drop.count.packets
        if drop.count.packets > packetsOfReason { (reason, packetsOfReason) = (drop.reason, drop.count.packets) }
    }
}

/// Joins what was dropped to the records of the port where it came in.
struct KernelDropJudge: WindowJudge {
    let flows: [FlowKey: DroppedFlow]

    func verdict(of record: borrowing FlowRecord) -> Verdict? {
        // What leaves by the port has met all that could drop it.
        guard record.key.direction != record.port.role.directionToPort else { return nil }
        var key = FlowKey(dropped: record.key)
        let here = flows[key]
        key.port = PortNumber(0)
        guard let dropped = here ?? flows[key] else { return nil }
        // Of several flows that differ by their tags or the rule that judged them, nothing tells which lost how many.
        guard dropped.packets >= record.count.packets else { return .mixed(.kernelDrop) }
        return .reject(.kernelDrop, reason: dropped.reason)
    }
}

extension FlowKey {
    /// What the kernel still knows of a packet's flow when it drops it.
    init(dropped flow: FlowKey) {
        self.init(
            port: flow.port, direction: .ingress, transport: flow.transport, source: flow.source,
            destination: flow.destination, sourcePort: flow.sourcePort, destinationPort: flow.destinationPort)
    }
}
