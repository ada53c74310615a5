// SPDX-License-Identifier: Apache-2.0

import Host

/// Asks `ovs-vswitchd` over the socket that `ovs-appctl` uses; one connection a command. Every call is bounded in time and in bytes.
package struct UnixctlClient: Sendable {
    /// Asked while a call waits: the caller is to end.
    private let isEnding: @Sendable () -> Bool

    /// How long a single system call waits before the end is asked for.
    private static let step = Duration.milliseconds(200)
    private static let chunk = 64 << 10
    private static let mostBytes = 512 << 20

    package init(isEnding: @escaping @Sendable () -> Bool = { false }) {
        self.isEnding = isEnding
    }

    /// Has the process do a command, and calls the function with each line of its answer; returns the bytes that came.
    ///
    /// - Parameters:
    ///   - silence: how long it may say nothing.
    ///   - limit: how long all of it may take.
    @discardableResult
    package func ask(
        _ server: SwitchSocket, _ method: String, _ parameters: [String] = [], silence: Duration = .seconds(3),
        limit: Duration = .seconds(20), onLine: (String) -> Void
    ) throws(UnixctlFailure) -> Int {
        let socket: StreamSocket
        do throws(KernelError) { socket = try StreamSocket.connect(to: server.path, patience: Self.step) } catch {
            throw .unreachable("\(server.path): \(error.cause)")
        }
        let start = ContinuousClock.now
        try send(Self.request(method, parameters), on: socket, within: silence)
        var reply = UnixctlReply()
        var count = 0
        var heard = start
        while !reply.isComplete {
            var bytes: [UInt8] = []
            let transfer = socket.receive(atMost: Self.chunk, into: &bytes)
            let now = ContinuousClock.now
            guard !isEnding() else { throw .ended }
            guard transfer != .ended else { throw .closed }
            if !bytes.isEmpty { heard = now }
            guard heard.duration(to: now) < silence else { throw .silent(silence) }
            guard start.duration(to: now) < limit else { throw .slow(limit) }
            count += bytes.count
            guard count <= Self.mostBytes else { throw .nonsense("more than \(Self.mostBytes >> 20) MiB") }
            do throws(UnixctlReply.Malformed) { try reply.take(bytes, onLine: onLine) } catch {
                throw .nonsense("what is no answer in JSON")
            }
        }
        if let error = reply.error { throw .refused(error) }
        return count
    }

    private func send(
        _ bytes: [UInt8], on socket: StreamSocket, within silence: Duration
    ) throws(UnixctlFailure) {
        let end = ContinuousClock.now + silence
        var start = 0
        while start < bytes.count {
            switch socket.send(bytes, from: start) {
            case .bytes(let count): start += count
            case .notNow: guard ContinuousClock.now < end, !isEnding() else { throw .silent(silence) }
            case .ended: throw .closed
            }
        }
    }

    private static func request(_ method: String, _ parameters: [String]) -> [UInt8] {
        let list = parameters.map(quoted).joined(separator: ",")
        return Array("{\"id\":0,\"method\":\(quoted(method)),\"params\":[\(list)]}".utf8)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
