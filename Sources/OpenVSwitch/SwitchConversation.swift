// SPDX-License-Identifier: Apache-2.0

import Host

/// A session with the database of a switch, over its socket. Used from one thread.
struct SwitchConversation {
    private let socket: StreamSocket
    private var session: OVSDBSession
    /// A database that takes no more for as long is gone.
    private let patience: Duration

    private static let chunk = 256 << 10

    /// Connects, and asks for all there is.
    init(on path: String, patience: Duration = .seconds(3)) throws(OVSDBFailure) {
        do throws(KernelError) {
            socket = try StreamSocket.connect(to: path, patience: patience)
        } catch {
            throw .unreachable(error.cause)
        }
        self.patience = patience
        session = OVSDBSession(now: .now)
    }

    /// What is known; nil until the database has listed all.
    var tables: OVSDBTables? { session.tables }

    /// Waits until the database says something, the bell rings, or the time is over, and takes what it says.
    mutating func turn(orFor bell: borrowing Bell, atMost limit: Duration) throws(OVSDBFailure) -> OVSDBSession.Progress
    {
        try send(session.takeOutgoing())
        var wait = SocketWait(bell: bell)
        let place = wait.add(socket, isSending: false)
        wait.wait(atMost: min(limit, ContinuousClock.now.duration(to: session.deadline)))
        guard wait.isReady(place) else {
            try session.tick(now: .now)
            return OVSDBSession.Progress()
        }
        var bytes: [UInt8] = []
        guard socket.receive(atMost: Self.chunk, into: &bytes) != .ended else { throw .closed }
        return try session.take(bytes, now: .now)
    }

    private func send(_ bytes: [UInt8]) throws(OVSDBFailure) {
        var start = 0
        while start < bytes.count {
            switch socket.send(bytes, from: start) {
            case .bytes(let count): start += count
            case .notNow: throw .silent(patience)
            case .ended: throw .closed
            }
        }
    }
}
