// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Foundation
import Host

/// Asks a running daemon over its control socket.
package enum ControlClient {
    /// What came of it.
    package enum Answer: Sendable {
        case report(DaemonReport)
        /// None is there, or it does not answer in a few seconds.
        case nobody
        /// It is not for this user.
        case refused(ControlError)
    }

    /// A daemon that is held up must not hold up who asks.
    private static let patience = Duration.seconds(3)

    /// Asks for the daemon's report. Blocks a few seconds at most.
    package static func ask(at path: String) -> Answer {
        do {
            let socket = try StreamSocket.connect(to: path, patience: patience)
            return answer(try get("/status", over: socket), path)
        } catch {
            return error.code == .notPermitted ? .refused(.forbidden(path)) : .nobody
        }
    }

    private static func answer(_ bytes: [UInt8], _ path: String) -> Answer {
        let data = Data(bytes)
        if data.starts(with: Data("HTTP/1.1 403 ".utf8)) { return .refused(.forbidden(path)) }
        guard let end = data.firstRange(of: Data("\r\n\r\n".utf8)) else { return .nobody }
        let report = try? JSONDecoder().decode(DaemonReport.self, from: data[end.upperBound...])
        return report.map(Answer.report) ?? .nobody
    }

    private static func get(_ resource: String, over socket: StreamSocket) throws(KernelError) -> [UInt8] {
        let request = Array("GET \(resource) HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n".utf8)
        guard socket.send(request, from: 0) == .bytes(request.count) else { return [] }
        let end = ContinuousClock.now + patience
        var answer: [UInt8] = []
        while ContinuousClock.now < end, case .bytes = socket.receive(atMost: 65_536, into: &answer) {}
        return answer
    }
}
