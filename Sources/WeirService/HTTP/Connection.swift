// SPDX-License-Identifier: Apache-2.0

import Host
import Synchronization

/// A connection from the moment that it is accepted: one request, and its answer. It is closed in little time, or becomes a
/// stream of events.
struct Connection {
    let socket: StreamSocket
    /// When the server closes it, whatever is left to be done.
    private(set) var deadline: ContinuousClock.Instant
    /// Its number in the wait of this turn; nil where nothing is awaited of its client.
    var place: Int?
    private var reader: HTTPRequestReader
    private var pending: PendingAnswer?
    private var answer: HTTPAnswer?
    private var head: [UInt8] = []
    private var sent = 0

    /// What is to become of the connection.
    enum Progress {
        case goesOn
        case isOver
        case streams(EventChannel)
    }

    /// - Parameter mostBody: bytes of a body that are read.
    init(_ socket: StreamSocket, deadline: ContinuousClock.Instant, mostBody: Int = 0) {
        self.socket = socket
        self.deadline = deadline
        reader = HTTPRequestReader(mostBody: mostBody)
    }

    /// Whether its request is complete.
    var isHeard: Bool { isAnswered || pending != nil }

    /// Whether another thread is at its answer.
    var isAtWork: Bool { pending != nil && answer == nil }

    /// Whether there is an answer that it has not begun to send.
    var hasNews: Bool { isAtWork && pending?.answer != nil }

    /// Whether its request is complete and it takes its answer.
    var isAnswered: Bool { answer != nil }

    static let mostAtOnce = 4096

    /// Goes on as far as it can without waiting.
    ///
    /// - Parameters:
    ///   - workTime: for an answer of another thread.
    ///   - wake: called on that thread.
    mutating func advance(
        workTime: Duration, wake: @escaping @Sendable () -> Void,
        _ respond: (HTTPRequest, StreamSocket) -> HTTPRoutes.Outcome
    ) -> Progress {
        if let answer = pending?.answer, self.answer == nil { begin(answer) }
        if isAtWork { return .goesOn }
        if answer == nil {
            switch receive(respond, workTime, wake) {
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

    private mutating func receive(
        _ respond: (HTTPRequest, StreamSocket) -> HTTPRoutes.Outcome, _ workTime: Duration,
        _ wake: @escaping @Sendable () -> Void
    ) -> Progress {
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
            case .later(let start):
                let pending = PendingAnswer()
                self.pending = pending
                deadline = max(deadline, .now + workTime)
                start { answer in
                    pending.answer = answer
                    wake()
                }
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

/// An answer that another thread gives.
private final class PendingAnswer: Sendable {
    private let given = Mutex<HTTPAnswer?>(nil)

    /// nil until it is given.
    var answer: HTTPAnswer? {
        get { given.withLock(\.self) }
        set { given.withLock { $0 = newValue } }
    }
}
