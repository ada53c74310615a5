// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Whether the objects of a book go together: a sentence for each reason why not.
extension TapBook {
    func check(_ service: TapServiceObject, in host: TapSurroundings) throws(TapError) {
        if let vni = service.vni { try checkVNI(vni, of: service.title, except: service.id) }
        let port = service.portID.flatMap(host.destination)
        if let own = service.projectID, let port, let other = port.identity.tapProject, own != other {
            try checkSame(
                own, other, service.allowsCrossAccount,
                "\(service.title) is of project \(own) and its port \(service.portID ?? "") of \(other)")
        }
        for flow in flows where flow.serviceID == service.id { try check(flow, in: host) }
    }

    func check(_ flow: TapFlowObject, in host: TapSurroundings) throws(TapError) {
        let service = try find(\.services, flow.serviceID)
        if let vni = flow.vni {
            guard service.remoteIP != nil else {
                throw TapError(
                    .wrong, "\(flow.title) has a VNI, and \(service.title) is a port of this host: leave out --vni")
            }
            try checkVNI(vni, of: flow.title, except: flow.id)
        }
        if let port = service.portID, flow.source.port == port {
            throw TapError(
                .conflict, "\(flow.title) copies frames of \(port) to itself: choose another source or tap service")
        }
        try checkPromises(of: service)
        let sources = host.ports.filter { flow.source.covers($0) && $0.name != service.portID }
        try checkNumbers(flow.sessionNumber, flow.title, id: flow.id, source: flow.source, sources)
        // What is not there yet is looked at when it comes.
        let isKnown = service.projectID != nil || service.portID.map { host.destination($0) != nil } ?? true
        guard isKnown, flow.source.port != nil, let source = sources.first else { return }
        let destination = service.project(in: host)
        try checkSame(
            source.identity.tapProject, destination, flow.allowsCrossAccount || service.allowsCrossAccount,
            "\(source.name) is of \(TapSurroundings.owner(source.identity.tapProject)) and \(service.title) of \(TapSurroundings.owner(destination))"
        )
    }

    func check(_ mirror: TapMirrorObject, in host: TapSurroundings) throws(TapError) {
        for (_, vni) in mirror.numbers { try checkVNI(vni, of: mirror.title, except: mirror.id) }
        let sources = host.ports.filter { TapSource(port: mirror.portID).covers($0) }
        try checkNumbers(
            mirror.sessionNumber, mirror.title, id: mirror.id, source: TapSource(port: mirror.portID), sources)
        guard let source = sources.first else { return }
        try checkSame(
            source.identity.tapProject, mirror.projectID ?? host.account, mirror.allowsCrossAccount,
            "\(source.name) is of \(TapSurroundings.owner(source.identity.tapProject)) and \(mirror.title) of \(TapSurroundings.owner(mirror.projectID ?? host.account))"
        )
    }

    private func checkSame(
        _ left: String?, _ right: String?, _ isAllowed: Bool, _ sentence: String
    ) throws(TapError) {
        guard left != right, !isAllowed else { return }
        throw TapError(
            .forbidden, "\(sentence): copies stay within one project, unless the operator says --allow-cross-account")
    }

    /// A VNI tells the receiver which session a copy is of.
    private func checkVNI(_ vni: UInt32, of title: String, except id: String) throws(TapError) {
        let users =
            services.filter { $0.vni == vni && $0.id != id }.map(\.title)
            + flows.filter { $0.vni == vni && $0.id != id }.map(\.title)
            + mirrors.filter { $0.directions.values.contains(vni) && $0.id != id }.map(\.title)
        guard let user = users.first else { return }
        throw TapError(.conflict, "VNI \(vni) of \(title) is in use by \(user): choose another one")
    }

    private func checkPromises(of service: TapServiceObject) throws(TapError) {
        let own = flows.filter { $0.serviceID == service.id && $0.isEnabled }
        let sums: [(limit: UInt64?, sum: UInt64, unit: String)] = [
            (service.mostPacketsPerSecond, Self.sum(own.map(\.mostPacketsPerSecond)), "packets/s"),
            (service.mostBitsPerSecond, Self.sum(own.map(\.mostBitsPerSecond)), "bits/s"),
        ]
        for (limit, sum, unit) in sums {
            guard let limit, sum > limit else { continue }
            throw TapError(
                .conflict,
                "the tap flows of \(service.title) would promise \(sum) \(unit) together, and it takes \(limit): lower a flow's rate, or raise the limit of \(service.title)"
            )
        }
    }

    private static func sum(_ rates: [UInt64?]) -> UInt64 { rates.reduce(0) { $0 + ($1 ?? 0) } }

    /// The order of a port's sessions must be clear.
    private func checkNumbers(
        _ number: UInt16, _ title: String, id: String, source: TapSource, _ ports: [TapPort]
    ) throws(TapError) {
        let others =
            flows.filter { $0.sessionNumber == number && $0.id != id }.map { ($0.title, $0.source) }
            + mirrors.filter { $0.sessionNumber == number && $0.id != id }.map {
                ($0.title, TapSource(port: $0.portID))
            }
        for (other, its) in others {
            let isSame = source == its
            guard let port = isSame ? source.text : ports.first(where: its.covers)?.name else { continue }
            throw TapError(
                .conflict,
                "session number \(number) of \(title) is that of \(other) at \(port), too: choose another one (--session)"
            )
        }
    }

    func checkSize() throws(TapError) {
        let sessions = flows.count + mirrors.reduce(0) { $0 + $1.directions.count }
        guard sessions <= TapPlan.mostSessions else {
            throw TapError(
                .conflict, "there are \(TapPlan.mostSessions) sessions already, and no more can be: delete one first")
        }
        let rules = flows.reduce(0) { sum, flow in
            sum + (filters.first { $0.id == flow.filterID }?.rules.count ?? flow.direction.directions.count)
        }
        guard rules <= TapPlan.mostRules else {
            throw TapError(
                .conflict,
                "the filters of all tap flows would have \(rules) rules together, and there can be \(TapPlan.mostRules): delete some"
            )
        }
    }
}

extension TapServiceObject {
    /// Whose its destination is: the project that was said, else that of its port, or of another host that of this one.
    package func project(in host: TapSurroundings) -> String? {
        projectID ?? (portID == nil ? host.account : portID.flatMap(host.destination)?.identity.tapProject)
    }
}
