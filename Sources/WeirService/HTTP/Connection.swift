// SPDX-License-Identifier: Apache-2.0

import Host

/// A connection from the moment that it is accepted: one request, and its answer. It is closed in little time, or becomes a
/// stream of events.
struct Connection {
    let socket: StreamSocket
    /// When the server closes it, whatever is left to be done.
    let deadline: ContinuousClock.Instant
    /// Its number in the wait of this turn.
    var place = 0
    private var reader = HTTPRequestReader()
    private var answer: HTTPAnswer?
    private var head: [UInt8] = []
    private var sent = 0

    /// What is to become of the connection.
    enum Progress {
        case goesOn
        case isOver
        case streams(EventChannel)
    }

    init(_ socket: StreamSocket, deadline: ContinuousClock.Instant) {
        self.socket = socket
        self.deadline = deadline
    }

    /// Whether its request is complete and it takes its answer.
    var isAnswered: Bool { answer != nil }

    static let mostAtOnce = 4096

    /// Goes on as far as it can without waiting.
    mutating func advance(_ respond: (HTTPRequest, StreamSocket) -> HTTPRoutes.Outcome) -> Progress {
        if answer == nil {
            switch receive(respond) {
            case .goesOn: break
            case let outcome: return outcome
            }
        }
        return answer == nil || send() ? .goesOn : .isOver
    }

    /// Answers with something else than the request asks for.
    mutating func begin(_ answer: HTTPAnswer) {
        head = answer.head
        self.answer = answer
    }

    private mutating func receive(_ respond: (HTTPRequest, StreamSocket) -> HTTPRoutes.Outcome) -> Progress {
        var bytes: [UInt8] = []
        switch socket.receive(atMost: Self.mostAtOnce, into: &bytes) {
        case .notNow: return .goesOn
        case .ended: return .isOver
        case .bytes: break
        }
        switch reader.take(bytes) {
        case .incomplete: break
        case .refused(let answer): begin(answer)
        case .request(let request):
            switch respond(request, socket) {
            case .answer(let answer): begin(answer)
            case .stream(let channel): return .streams(channel)
            }
        }
        return .goesOn
    }

    /// Head, then body: not copied together, since many clients may be sent the same body.
    private mutating func send() -> Bool {
        guard let body = answer?.sentBody else { return true }
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
