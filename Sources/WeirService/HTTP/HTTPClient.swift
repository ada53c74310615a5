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
    private static let patience = Duration.seconds(3)

    /// Asks by GET. Blocks a few seconds at most.
    package static func get(_ target: String, at path: String) -> Outcome {
        do {
            let socket = try StreamSocket.connect(to: path, patience: patience)
            return outcome(try answer(to: target, over: socket), path)
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
        if status == 403 { return .refused(.forbidden(path)) }
        return .answer(status: status, body: Array(answer[(end + separator.count)...]))
    }

    private static func answer(to target: String, over socket: StreamSocket) throws(KernelError) -> [UInt8] {
        let request = Array("GET \(target) HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n".utf8)
        guard socket.send(request, from: 0) == .bytes(request.count) else { return [] }
        let end = ContinuousClock.now + patience
        var answer: [UInt8] = []
        while ContinuousClock.now < end, case .bytes = socket.receive(atMost: 65_536, into: &answer) {}
        return answer
    }
}
