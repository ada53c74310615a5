// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Host
import TapService
import WeirService

/// Taps on the control socket, in OpenStack's JSON:
///
///     GET    /taps                 everything: tap services, flows, mirrors, filters, and sessions with their accounts
///     GET    /taps/services        and flows, mirrors, filters, sessions; `?id=` one of them, by id or name
///     POST   /taps/services        creates an object of the body's fields
///     PUT    /taps/services?id=    changes the fields that the body has
///     DELETE /taps/services?id=    deletes one
///     GET    /taps/captures        those that go on
///     POST   /taps/captures        begins one, of the fields of a tap flow without a tap service; `?id=` renews it, each few seconds
///     DELETE /taps/captures?id=    ends it, and answers with its account
///
/// Reading is for all whom the socket is for, changing for root and the daemon's own user: copies carry what tenants say to each other.
struct TapRoutes {
    let desk: TapDesk

    /// Of a request.
    static let mostBytes = 1 << 20

    func add(to routes: inout HTTPRoutes) {
        let desk = desk
        routes.add("/taps") { _ in Self.json(200, desk.view) }
        routes.add("/taps/sessions") { request in
            let sessions = desk.view.sessions
            guard let id = request.query["id"] else { return Self.json(200, ["sessions": sessions]) }
            let own = sessions.filter { $0.id == id || $0.name == id }
            return own.isEmpty
                ? Self.refusal(TapError(.unknown, "there is no session \(id)")) : Self.json(200, ["sessions": own])
        }
        for kind in TapKind.allCases { add(kind, to: &routes) }
        addCaptures(to: &routes)
    }

    private func addCaptures(to routes: inout HTTPRoutes) {
        let (desk, path, key) = (desk, "/taps/captures", "capture")
        routes.add(path) { _ in Self.json(200, [key + "s": desk.view.captures ?? []]) }
        routes.addLater(.post, path) { request, reply in
            let id = request.query["id"]
            Self.askCapture(request, desk, reply, status: id == nil ? 201 : 200) { () throws(TapError) in
                if let id { return .renewCapture(id) }
                return .beginCapture(try Self.fields(request, key))
            }
        }
        routes.addLater(.delete, path) { request, reply in
            Self.askCapture(request, desk, reply, status: 200) { () throws(TapError) in
                .endCapture(try Self.id(request, key))
            }
        }
    }

    private static func askCapture(
        _ request: HTTPRequest, _ desk: TapDesk, _ reply: @escaping @Sendable (HTTPAnswer) -> Void, status: Int,
        _ action: () throws(TapError) -> TapDesk.Action
    ) {
        do throws(TapError) {
            let owner = try owner(of: request)
            desk.ask(try action(), by: owner) { result in
                switch result {
                case .success(.capture(let view)): reply(json(status, ["capture": view]))
                case .success(.changed), .success(.deleted): reply(json(status, [String: String]()))
                case .failure(let error): reply(refusal(error))
                }
            }
        } catch {
            reply(refusal(error))
        }
    }

    private func add(_ kind: TapKind, to routes: inout HTTPRoutes) {
        let (desk, path) = (desk, "/taps/\(kind.rawValue)")
        routes.add(path) { request in
            guard let id = request.query["id"] else { return Self.list(kind, desk.view) }
            return Self.object(kind, id, desk.view)
                ?? Self.refusal(TapError(.unknown, "there is no \(kind.noun) \(id)"))
        }
        routes.addLater(.post, path) { request, reply in
            Self.ask(request, desk, reply, created: 201, kind) { () throws(TapError) in
                .create(kind, try Self.fields(request, kind.key))
            }
        }
        routes.addLater(.put, path) { request, reply in
            Self.ask(request, desk, reply, created: 200, kind) { () throws(TapError) in
                .update(kind, try Self.id(request, kind.noun), try Self.fields(request, kind.key))
            }
        }
        routes.addLater(.delete, path) { request, reply in
            Self.ask(request, desk, reply, created: 200, kind) { () throws(TapError) in
                .delete(kind, try Self.id(request, kind.noun))
            }
        }
    }

    private static func ask(
        _ request: HTTPRequest, _ desk: TapDesk, _ reply: @escaping @Sendable (HTTPAnswer) -> Void, created status: Int,
        _ kind: TapKind, _ action: () throws(TapError) -> TapDesk.Action
    ) {
        do throws(TapError) {
            let owner = try owner(of: request)
            desk.ask(try action(), by: owner) { result in
                switch result {
                case .success(.changed(let id)):
                    reply(object(kind, id, desk.view, status) ?? json(status, ["id": id]))
                case .success(.deleted(let titles)): reply(json(200, ["deleted": titles]))
                case .success(.capture(let view)): reply(json(status, view))
                case .failure(let error): reply(refusal(error))
                }
            }
        } catch {
            reply(refusal(error))
        }
    }

    private static func owner(of request: HTTPRequest) throws(TapError) -> TapOwner {
        guard let peer = request.peer else {
            throw TapError(.forbidden, "taps are changed over the control socket alone")
        }
        guard peer.user == 0 || peer.user == SocketPeer.ownUser else {
            throw TapError(
                .forbidden,
                "only root and the daemon's own user may change taps, since copies carry what tenants say to each other"
            )
        }
        let command = (try? ProcFile.readBeginning("/proc/\(peer.process)/comm")).map {
            String($0.prefix { $0 != "\n" })
        }
        return TapOwner(
            user: peer.user, process: peer.process, command: command, time: ClockAnchor.now.realtime.seconds)
    }

    private static func id(_ request: HTTPRequest, _ noun: String) throws(TapError) -> String {
        guard let id = request.query["id"] else {
            throw TapError(.wrong, "name the \(noun): ?id=, its id or its name")
        }
        return id
    }

    /// The body, as it is or below the object's word as OpenStack has it.
    private static func fields(_ request: HTTPRequest, _ key: String) throws(TapError) -> [String: TapJSON] {
        let body = try TapJSON.object(Data(request.body))
        if case .object(let inner)? = body[key], body.count == 1 { return inner }
        return body
    }
}

extension TapRoutes {
    private static func list(_ kind: TapKind, _ view: TapView) -> HTTPAnswer {
        switch kind {
        case .services: json(200, [kind.key + "s": view.services])
        case .flows: json(200, [kind.key + "s": view.flows])
        case .mirrors: json(200, [kind.key + "s": view.mirrors])
        case .filters: json(200, [kind.key + "s": view.filters])
        }
    }

    /// nil where there is none.
    private static func object(_ kind: TapKind, _ id: String, _ view: TapView, _ status: Int = 200) -> HTTPAnswer? {
        switch kind {
        case .services: view.services.find(id).map { json(status, [kind.key: $0]) }
        case .flows: view.flows.find(id).map { json(status, [kind.key: $0]) }
        case .mirrors: view.mirrors.find(id).map { json(status, [kind.key: $0]) }
        case .filters: view.filters.find(id).map { json(status, [kind.key: $0]) }
        }
    }

    private static func json(_ status: Int, _ value: some Encodable) -> HTTPAnswer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = PrintableText.json(String(decoding: (try? encoder.encode(value)) ?? Data(), as: UTF8.self))
        return HTTPAnswer(
            status: status, status == 201 ? "Created" : "OK", contentType: "application/json", body: Array(text.utf8))
    }

    private static func refusal(_ error: TapError) -> HTTPAnswer {
        let (status, reason) =
            switch error.kind {
            case .wrong: (400, "Bad Request")
            case .unknown: (404, "Not Found")
            case .conflict: (409, "Conflict")
            case .forbidden: (403, "Forbidden")
            case .failed: (500, "Internal Server Error")
            }
        return HTTPAnswer(status: status, reason, sentence: error.description)
    }
}

extension Array {
    fileprivate func find<Object: TapObject>(_ id: String) -> Element? where Element == TapListed<Object> {
        first { $0.object.id == id } ?? first { $0.object.name == id }
    }
}
