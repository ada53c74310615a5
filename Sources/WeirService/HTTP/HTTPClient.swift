// SPDX-License-Identifier: Apache-2.0

import Host

/// Asks a server of Weir's over its socket in the file system.
package enum HTTPClient {
    package enum Outcome: Equatable, Sendable {
        case answer(status: Int, body: [UInt8])
        /// No server is there, or it does not answer in a few seconds.
        case noServer
        /// The server is not for this user.
        case refused(ServiceError)
    }

    /// A server that does not answer must not delay its client for longer.
    package static let patience = Duration.seconds(3)

    /// Asks by GET. Blocks a few seconds at most.
    package static func get(_ target: String, at path: String) -> Outcome { send(.get, target, at: path) }

    /// Asks by a method, with a body of JSON where there is one.
    ///
    /// - Parameter patience: how long it blocks at most.
    package static func send(
        _ method: HTTPMethod, _ target: String, _ body: [UInt8] = [], at path: String, patience: Duration = patience
    ) -> Outcome {
        do {
            let socket = try StreamSocket.connect(to: path, patience: patience)
            return outcome(try answer(method, target, body, over: socket, patience), path)
        } catch {
            return error.code == .notPermitted ? .refused(.forbidden(path)) : .noServer
        }
    }

    private static func outcome(_ answer: [UInt8], _ path: String) -> Outcome {
        let version = Array("HTTP/1.1 ".utf8)
        let separator = Array("\r\n\r\n".utf8)
        guard answer.starts(with: version),
            let status = Int(String(decoding: answer.dropFirst(version.count).prefix(3), as: UTF8.self)),
            let end = answer.indices.first(where: { answer[$0...].starts(with: separator) })
        else { return .noServer }
        let body = Array(answer[(end + separator.count)...])
        if status == 403 { return .refused(.said(body) ?? .forbidden(path)) }
        return .answer(status: status, body: body)
    }

    private static func answer(
        _ method: HTTPMethod, _ target: String, _ body: [UInt8], over socket: StreamSocket, _ patience: Duration
    ) throws(KernelError) -> [UInt8] {
        let content =
            body.isEmpty ? "" : "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
        let head = "\(method.rawValue) \(target) HTTP/1.1\r\nHost: weir\r\n\(content)Connection: close\r\n\r\n"
        let request = Array(head.utf8) + body
        var sent = 0
        while sent < request.count {
            guard case .bytes(let count) = socket.send(request, from: sent) else { return [] }
            sent += count
        }
        let end = ContinuousClock.now + patience
        var answer: [UInt8] = []
        while ContinuousClock.now < end, case .bytes = socket.receive(atMost: 65_536, into: &answer) {}
        return answer
    }
}
