// SPDX-License-Identifier: Apache-2.0

import FlowModel
import TapService

/// What each session would copy in a second, from what it matched in the last one.
struct TapDemand {
    private var last: [String: PacketCount] = [:]
    private var mirrored: PacketCount?

    /// An Ethernet header, which octets of packets leave out.
    private static let ethernet: UInt64 = 14
    /// Of a VXLAN tunnel over IPv4: Ethernet, IP, UDP and VXLAN headers (RFC 7348).
    private static let outer: UInt64 = 50

    /// - Parameters:
    ///   - sessions: those in the plan, with what they have counted.
    ///   - seconds: since the last call.
    mutating func take(
        _ sessions: [(request: TapSessionRequest, counts: TapCounts)], seconds: Double
    ) -> [TapBudget.Demand] {
        var new: [String: PacketCount] = [:]
        let demands = sessions.map { session in
            let matched = session.counts.matched
            new[session.request.id] = matched
            // A session that is new, or began anew, has none yet.
            let grown = last[session.request.id].map { $0.packets <= matched.packets ? matched - $0 : .zero } ?? .zero
            return Self.demand(session.request, grown, seconds)
        }
        last = new
        return demands
    }

    /// Of a session that has not matched anything yet.
    static func none(of request: TapSessionRequest) -> TapBudget.Demand { demand(request, .zero, 1) }

    private static func demand(
        _ request: TapSessionRequest, _ grown: PacketCount, _ seconds: Double
    ) -> TapBudget.Demand {
        let session = request.session
        let most = session.packetLength.map { UInt64($0) &* grown.packets } ?? .max
        let bytes = UInt64(Double(min(grown.octets + grown.packets * ethernet, most)) / seconds)
        let packets = UInt64(Double(grown.packets) / seconds)
        var isRemote = false
        if case .tunnel = request.target { isRemote = true }
        return TapBudget.Demand(
            session: request.id, service: request.serviceID, isRemote: isRemote,
            packetsPerSecond: min(packets, session.rate.packetsPerSecond ?? .max),
            bytesPerSecond: min(bytes, session.rate.bytesPerSecond ?? .max))
    }

    /// Bytes that copies to other hosts have taken on the wire since the last call.
    mutating func sent(_ sessions: [(request: TapSessionRequest, counts: TapCounts)]) -> UInt64 {
        let remote = sessions.filter { if case .tunnel = $0.request.target { true } else { false } }
        let sum = remote.reduce(PacketCount.zero) { $0 + $1.counts.mirrored }
        defer { mirrored = sum }
        guard let mirrored, mirrored.packets <= sum.packets else { return 0 }
        let grown = sum - mirrored
        return grown.octets + grown.packets * (Self.ethernet + Self.outer)
    }
}
