// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// One session that the objects of a book ask for, before it is known which ports there are.
package struct TapSessionRequest: Sendable {
    package enum Target: Equatable, Sendable {
        case port(String)
        case tunnel(TapTunnel)
    }

    /// Of the tap flow; of a tap mirror with its direction.
    package let id: String
    package let name: String
    package let number: UInt16
    package let source: TapSource
    package let target: Target
    /// Whose the destination is; nil: not known before its port is.
    package let project: String?
    package let allowsCrossAccount: Bool
    package let isEnabled: Bool
    package let serviceID: String?
    /// All but its destination.
    package let session: TapSession
}

extension TapBook {
    /// In the order of their numbers, the older one first where two are equal.
    package func requests(dscp: UInt8) -> [TapSessionRequest] {
        let all = flows.compactMap { request($0, dscp: dscp) } + mirrors.flatMap { requests($0, dscp: dscp) }
        return all.enumerated().sorted { ($0.element.number, $0.offset) < ($1.element.number, $1.offset) }.map(
            \.element)
    }

    private func request(_ flow: TapFlowObject, dscp: UInt8) -> TapSessionRequest? {
        guard let service = services.first(where: { $0.id == flow.serviceID }) else { return nil }
        let tunnel = service.tunnel(vni: flow.vni, dscp: dscp)
        guard let target = tunnel.map(TapSessionRequest.Target.tunnel) ?? service.portID.map({ .port($0) }) else {
            return nil
        }
        let session = flow.session(filter(flow.filterID))
        return TapSessionRequest(
            id: flow.id, name: flow.name, number: flow.sessionNumber, source: flow.source, target: target,
            project: service.projectID, allowsCrossAccount: flow.allowsCrossAccount || service.allowsCrossAccount,
            isEnabled: flow.isEnabled, serviceID: service.id, session: session)
    }

    private func requests(_ mirror: TapMirrorObject, dscp: UInt8) -> [TapSessionRequest] {
        mirror.numbers.compactMap { way, vni in
            guard let tunnel = mirror.tunnel(vni: vni, dscp: dscp) else { return nil }
            var session = TapSession(way, filter(mirror.filterID))
            (session.packetLength, session.rate) = (mirror.packetLength, mirror.rate)
            return TapSessionRequest(
                id: "\(mirror.id)/\(way.rawValue)", name: "\(mirror.name)/\(way.rawValue)",
                number: mirror.sessionNumber,
                source: TapSource(port: mirror.portID), target: .tunnel(tunnel), project: mirror.projectID,
                allowsCrossAccount: mirror.allowsCrossAccount, isEnabled: true, serviceID: nil, session: session)
        }
    }

    private func filter(_ id: String?) -> TapFilterObject? { id.flatMap { id in filters.first { $0.id == id } } }
}
