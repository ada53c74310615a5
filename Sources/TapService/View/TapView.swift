// SPDX-License-Identifier: Apache-2.0

/// All objects of a book and how they stand: what the control socket answers.
package struct TapView: Codable, Equatable, Sendable {
    package var services: [TapListed<TapServiceObject>] = []
    package var flows: [TapListed<TapFlowObject>] = []
    package var mirrors: [TapListed<TapMirrorObject>] = []
    package var filters: [TapListed<TapFilterObject>] = []
    package var sessions: [TapSessionView] = []
    /// nil where there are none.
    package var captures: [TapCaptureView]?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case sessions, captures
        case services = "tap_services"
        case flows = "tap_flows"
        case mirrors = "tap_mirrors"
        case filters = "tap_filters"
    }

    /// - Parameters:
    ///   - failure: why the kernel does not have the plan; nil where it has it.
    ///   - counts: what the kernel has counted, by account.
    package init(
        _ book: TapBook, _ outcomes: [TapCompiler.Outcome], in host: TapSurroundings, failure: String?,
        budgets: [String: TapRate], counts: [Int: TapFigures]
    ) {
        sessions = outcomes.map { outcome in
            Self.session(
                outcome, failure, budgets[outcome.request.id], past: book.accounts.past(of: outcome.request.id), counts
            )
        }
        let byID = Dictionary(sessions.map { ($0.id, $0) }) { $1 }
        services = book.services.map { service in
            let isThere = service.portID.map { host.destination($0) != nil } ?? true
            return TapListed(
                service, isThere ? .active : .down, isThere ? nil : "it waits for port \(service.portID ?? "")")
        }
        flows = book.flows.map { TapListed($0, byID[$0.id]?.status ?? .down, byID[$0.id]?.reason) }
        mirrors = book.mirrors.map { mirror in
            let own = sessions.filter { $0.id.hasPrefix(mirror.id + "/") }
            let worst = own.first { $0.status != .active } ?? own.first
            return TapListed(mirror, worst?.status ?? .down, worst?.reason)
        }
        filters = book.filters.map { TapListed($0, .active) }
    }

    /// Sessions that have a port for a source, in the order in which they are asked.
    package func requests(at port: String) -> [TapSessionRequest] {
        let ids = Set(sessions.filter { $0.ports.contains { $0.port == port } }.map(\.id))
        let book = TapBook(
            services: services.map(\.object), flows: flows.map(\.object), mirrors: mirrors.map(\.object),
            filters: filters.map(\.object))
        return book.requests(dscp: 0).filter { ids.contains($0.id) }
    }

    private static func session(
        _ outcome: TapCompiler.Outcome, _ failure: String?, _ budget: TapRate?, past: TapFigures,
        _ figures: [Int: TapFigures]
    ) -> TapSessionView {
        let request = outcome.request
        let isRefused = failure != nil && outcome.place != nil
        var view = TapSessionView(
            id: request.id, name: request.name, number: request.number, service: request.serviceID,
            destination: request.target.text, status: isRefused ? .error : outcome.status,
            reason: isRefused ? failure : outcome.reason)
        view.ports = outcome.ports.map { port, account in
            TapSessionView.Port(
                port: port.name, figures: figures[account] ?? TapFigures(), project: port.identity.tapProject)
        }
        view.figures = view.ports.reduce(past) { $0 + $1.figures }
        view.budgetPacketsPerSecond = budget?.packetsPerSecond
        view.budgetBytesPerSecond = budget?.bytesPerSecond
        return view
    }
}

extension TapSessionRequest.Target {
    /// As people read it.
    package var text: String {
        switch self {
        case .port(let name): "port \(name)"
        case .tunnel(let tunnel): "VNI \(tunnel.vni) at \(tunnel.remote)"
        }
    }
}
