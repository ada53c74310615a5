// SPDX-License-Identifier: Apache-2.0

package import Host
import Synchronization

/// A place where a server answers, and what it answers there.
package struct HTTPEndpoint: Sendable {
    package enum Place: Equatable, Sendable {
        /// A socket at a path, for root, this process's user and the members of the socket's group.
        case path(String)
        /// A TCP port of a numeric address, for all clients that can reach it; port 0 is any free one.
        case tcp(address: String, port: UInt16)
    }

    package let place: Place
    package let routes: HTTPRoutes
    package var limits = HTTPLimits()

    package init(_ place: Place, _ routes: HTTPRoutes, limits: HTTPLimits = HTTPLimits()) {
        self.place = place
        self.routes = routes
        self.limits = limits
    }
}

/// Answers HTTP/1.1 on sockets, on one thread, with a bounded number of connections and streams for each endpoint.
///
/// A slow client delays no other one. Handlers of routes run on the thread too.
package final class HTTPServer: Sendable {
    private let endpoints: [HTTPEndpoint]
    private let bell: Bell
    private let isStopped = Mutex(false)

    package init(_ endpoints: [HTTPEndpoint]) throws(KernelError) {
        self.endpoints = endpoints
        bell = try Bell()
    }

    /// Ends `run`. Safe to call from any thread.
    package func stop() {
        isStopped.withLock { $0 = true }
        bell.ring()
    }

    /// Serves until it is stopped; blocks its thread.
    ///
    /// - Parameters:
    ///   - onFailure: told of each endpoint that cannot be opened and why, as a part of a sentence; the others are served.
    ///   - onListening: told where clients can connect now, with the ports that were chosen.
    package func run(
        onFailure: (HTTPEndpoint.Place, _ reason: String) -> Void,
        onListening: ([HTTPEndpoint.Place]) -> Void = { _ in }
    ) {
        var pools: [ConnectionPool] = []
        var places: [HTTPEndpoint.Place] = []
        for endpoint in endpoints {
            do {
                let (listener, place) = try Self.open(endpoint.place)
                pools.append(pool(endpoint, listener))
                places.append(place)
            } catch {
                onFailure(endpoint.place, SocketFile.reason(error))
            }
        }
        onListening(places)
        serve(&pools)
        for index in pools.indices { pools[index].close() }
        for case .path(let path) in places { SocketFile(path).remove() }
    }

    private static func open(_ place: HTTPEndpoint.Place) throws -> (Listener, HTTPEndpoint.Place) {
        switch place {
        case .path(let path):
            try SocketFile(path).makeWay()
            return (try Listener.onPath(path), place)
        case .tcp(let address, let port):
            let listener = try Listener.onTCP(address, port: port)
            return (listener, .tcp(address: address, port: listener.port))
        }
    }

    private func pool(_ endpoint: HTTPEndpoint, _ listener: Listener) -> ConnectionPool {
        ConnectionPool(
            listener, limits: endpoint.limits, wake: { [self] in bell.ring() },
            respond: { request, socket in
                var request = request
                if case .path = endpoint.place { request.peer = socket.peer }
                return Self.refusal(of: socket, at: endpoint.place) ?? endpoint.routes.outcome(of: request)
            })
    }

    /// What a user is answered whom the socket is not for; nil for all others.
    private static func refusal(of socket: StreamSocket, at place: HTTPEndpoint.Place) -> HTTPRoutes.Outcome? {
        guard case .path(let path) = place, !mayAsk(socket, path) else { return nil }
        return .answer(HTTPAnswer(status: 403, "Forbidden", sentence: ServiceError.forbidden(path).description))
    }

    private static func mayAsk(_ socket: StreamSocket, _ path: String) -> Bool {
        guard let group = SocketPeer.group(of: path) else { return false }
        return socket.peer?.mayAsk(group: group) == true
    }

    private func serve(_ pools: inout [ConnectionPool]) {
        while !isStopped.withLock(\.self) {
            var wait = SocketWait(bell: bell)
            var due: [ContinuousClock.Instant] = []
            for index in pools.indices {
                if let moment = pools[index].prepare(&wait) { due.append(moment) }
            }
            let now = ContinuousClock.now
            wait.wait(atMost: due.min().map { now.duration(to: $0) } ?? .seconds(3600))
            bell.silence()
            for index in pools.indices { pools[index].serve(wait, now: .now) }
        }
    }
}
