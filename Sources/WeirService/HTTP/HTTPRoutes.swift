// SPDX-License-Identifier: Apache-2.0

/// What a server answers, by path and method: handlers run on the server's thread and must not block.
///
/// A path that has GET has HEAD. A path without a route is answered with 404, a method that a path does not have with 405.
package struct HTTPRoutes: Sendable {
    package typealias Handler = @Sendable (HTTPRequest) -> HTTPAnswer

    /// Hands a request to another thread, which answers it once.
    package typealias LaterHandler = @Sendable (HTTPRequest, @escaping @Sendable (HTTPAnswer) -> Void) -> Void

    private enum Route {
        case answer(Handler)
        case later(LaterHandler)
        case stream(EventChannel)
    }

    /// What a request comes to.
    enum Outcome {
        case answer(HTTPAnswer)
        /// The work begins when it is called; it ends with a call of its parameter.
        case later((@escaping @Sendable (HTTPAnswer) -> Void) -> Void)
        case stream(EventChannel)
    }

    private var routes: [String: [HTTPMethod: Route]] = [:]

    package init() {}

    /// Answers GET of a path; what was there is replaced.
    package mutating func add(_ path: String, _ handler: @escaping Handler) { add(.get, path, handler) }

    /// Answers a method of a path; what was there is replaced.
    package mutating func add(_ method: HTTPMethod, _ path: String, _ handler: @escaping Handler) {
        routes[path, default: [:]][method] = .answer(handler)
    }

    /// Has a method of a path answered by another thread; what was there is replaced.
    package mutating func addLater(_ method: HTTPMethod, _ path: String, _ handler: @escaping LaterHandler) {
        routes[path, default: [:]][method] = .later(handler)
    }

    /// Streams the events of a channel from now on to each client that asks for the path by GET.
    package mutating func addStream(_ path: String, of channel: EventChannel) {
        routes[path, default: [:]][.get] = .stream(channel)
    }

    func outcome(of request: HTTPRequest) -> Outcome {
        guard let methods = routes[request.path] else { return .answer(.notFound) }
        let method = HTTPMethod(rawValue: request.method)
        let isHead = method == .head && methods[.head] == nil
        guard let method, let route = methods[isHead ? .get : method] else {
            return .answer(.wrongMethod(allowed: Self.allowed(methods)))
        }
        switch route {
        case .stream(let channel): return isHead ? .answer(EventChannel.head) : .stream(channel)
        case .later(let handler): return .later { handler(request, $0) }
        case .answer(let handler):
            let answer = handler(request).unlessKnown(request.knownTags)
            return .answer(isHead ? answer.headOnly : answer)
        }
    }

    private static func allowed(_ methods: [HTTPMethod: Route]) -> [HTTPMethod] {
        HTTPMethod.allCases.filter { methods[$0] != nil || $0 == .head && methods[.get] != nil }
    }
}
