// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Host

/// A connection from the moment that it is accepted to its close: one request, one answer, in little time.
struct Visit {
    let socket: StreamSocket
    /// When it is over, whatever it is at.
    let deadline: ContinuousClock.Instant
    /// What it is asked for in the wait of this turn.
    var place = 0
    private var reader = HTTPRequestReader()
    private var answer: HTTPAnswer?
    private var head: [UInt8] = []
    private var sent = 0

    init(_ socket: StreamSocket, deadline: ContinuousClock.Instant) {
        self.socket = socket
        self.deadline = deadline
    }

    /// Whether its request is complete and it takes its answer.
    var isAnswered: Bool { answer != nil }

    private static let mostAtOnce = 4096

    /// Goes on as far as it can without waiting. Returns false where the visit is over.
    mutating func advance(_ respond: (HTTPRequest, StreamSocket) -> HTTPAnswer) -> Bool {
        if answer == nil {
            guard receive(respond) else { return false }
        }
        return answer == nil || send()
    }

    private mutating func receive(_ respond: (HTTPRequest, StreamSocket) -> HTTPAnswer) -> Bool {
        var bytes: [UInt8] = []
        switch socket.receive(atMost: Self.mostAtOnce, into: &bytes) {
        case .notNow: return true
        case .ended: return false
        case .bytes: break
        }
        switch reader.take(bytes) {
        case .incomplete: break
        case .refused(let answer): begin(answer)
        case .request(let request): begin(respond(request, socket))
        }
        return true
    }

    private mutating func begin(_ answer: HTTPAnswer) {
        head = answer.head
        self.answer = answer
    }

    /// Head, then body: not copied together, since many may be given the same body.
    private mutating func send() -> Bool {
        guard let body = answer?.body else { return true }
        while sent < head.count + body.count {
            let isHead = sent < head.count
            switch socket.send(isHead ? head : body, from: isHead ? sent : sent - head.count) {
            case .bytes(let count): sent += count
            case .notNow: return true
            case .ended: return false
            }
        }
        socket.finishSending()
        return false
    }
}
