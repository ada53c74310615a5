// SPDX-License-Identifier: Apache-2.0

package import CopiedFrames
import FlowModel
package import Host

/// Sends copied frames to where their sessions say, and keeps account of those that could not be sent.
package struct CopySender {
    private struct Route {
        var header: TunnelSocket.Header
        var vni: UInt32
        var kind: TunnelSocket.Kind
    }

    private struct Key: Hashable {
        var label: UInt16
        var port: UInt16
        var isEgress: Bool
        var cause: UnsentCopies.Cause
    }

    /// By label.
    private var routes: [UInt16: Route] = [:]
    private var sockets: [MirrorMessage.Outlet: TunnelSocket] = [:]
    private var tally: [Key: (all: PacketCount, cut: PacketCount)] = [:]
    /// Why the last frame to an address was not sent.
    private var troubles: [IPAddress: String] = [:]
    private var said: [String] = []
    /// Copies that were sent.
    package private(set) var sent: UInt64 = 0

    package init() {}

    /// From now on records may have the session's label.
    package mutating func take(_ session: MirrorSession) {
        guard let address = session.address else { return }
        let header = TunnelSocket.Header(
            to: address, typeOfService: session.dscp << 2, timeToLive: max(1, session.timeToLive))
        routes[session.label] = Route(
            header: header, vni: session.vni,
            kind: TunnelSocket.Kind(address.version, hasChecksum: session.hasChecksum))
    }

    /// From now on packets leave by the socket.
    package mutating func take(_ socket: TunnelSocket, as outlet: MirrorMessage.Outlet) { sockets[outlet] = socket }

    package func knows(_ label: UInt16) -> Bool { routes[label] != nil }

    /// Whether there are copies that could not be sent, and that were not told of.
    package var hasUnsent: Bool { !tally.isEmpty }

    /// Copies that could not be sent since the last call.
    package mutating func takeUnsent() -> [UnsentCopies] {
        defer { tally = [:] }
        return tally.map { key, count in
            UnsentCopies(
                key.label, port: key.port, isEgress: key.isEgress, key.cause, count.all, cut: count.cut)
        }
    }

    /// What an operator should know since the last call.
    package mutating func takeSaid() -> [String] {
        defer { said = [] }
        return said
    }

    package mutating func send(_ copy: CopiedFrame) {
        let frame = copy.wireBytes
        let outline = FrameOutline(frame, length: copy.wireLength)
        guard let route = routes[copy.label] else { return note(copy, outline, .destination) }
        switch send(VXLAN.datagram(frame, vni: route.vni), outline.hash, by: route) {
        case .sent:
            sent += 1
            if !troubles.isEmpty, troubles.removeValue(forKey: route.header.address) != nil {
                said.append("copies to \(route.header.address) are sent again")
            }
        case .tooBig: note(copy, outline, .tooBig)
        case .failed(let error):
            note(copy, outline, .destination)
            guard troubles.updateValue("\(error)", forKey: route.header.address) != "\(error)" else { return }
            said.append("copies to \(route.header.address) are not sent, and are counted as failed: \(error)")
        }
    }

    private func send(_ datagram: [UInt8], _ hash: UInt32, by route: Route) -> TunnelSocket.Outcome {
        let outlet = MirrorMessage.Outlet(kind: route.kind, number: Int(hash) % MirrorMessage.Outlet.count)
        guard let socket = sockets[outlet] else {
            return .failed(
                KernelError(
                    .notFound, "cannot send to \(route.header.address)",
                    cause: "weir run could not open a socket for such tunnels"))
        }
        return socket.send(datagram, route.header, port: TunnelDevice.usualPort)
    }

    private mutating func note(_ copy: CopiedFrame, _ outline: FrameOutline, _ cause: UnsentCopies.Cause) {
        let key = Key(
            label: copy.label, port: copy.port.rawValue, isEgress: copy.direction == .egress, cause: cause)
        let count = PacketCount(packets: UInt64(copy.packets), octets: outline.octets)
        let isCut = copy.bytes.count < copy.length
        var sum = tally[key] ?? (.zero, .zero)
        sum.all += count
        if isCut { sum.cut += count }
        tally[key] = sum
    }
}

/// The payload of a UDP datagram that carries a frame (RFC 7348 §5).
enum VXLAN {
    /// That the VNI is valid.
    private static let flags: UInt8 = 0x08

    /// The header, and the frame behind it.
    ///
    /// - Parameter vni: 24 bits.
    static func datagram(_ frame: [UInt8], vni: UInt32) -> [UInt8] {
        let number = (0..<3).map { UInt8(truncatingIfNeeded: vni >> UInt32(16 - 8 * $0)) }
        var datagram: [UInt8] = []
        datagram.reserveCapacity(8 + frame.count)
        datagram += [flags, 0, 0, 0, number[0], number[1], number[2], 0]
        datagram += frame
        return datagram
    }
}
