// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Host

/// Those who are connected to one listening socket: never more than there is room for, none for long.
///
/// Where all places are taken, whoever comes takes the place of the one that has been there longest without having asked
/// for anything: a crowd that says nothing keeps nobody out.
struct Reception {
    private let listener: Listener
    private let respond: @Sendable (HTTPRequest, StreamSocket) -> HTTPAnswer
    private var visits: [Visit] = []
    private var place: Int?
    /// Until then nobody is accepted, because the last time something was short.
    private var pausedUntil: ContinuousClock.Instant?

    /// Each takes a descriptor, and some kilobytes beside the answer, which all share.
    static let capacity = 32
    static let patience = Duration.seconds(3)
    private static let pause = Duration.milliseconds(100)

    init(_ listener: Listener, respond: @escaping @Sendable (HTTPRequest, StreamSocket) -> HTTPAnswer) {
        self.listener = listener
        self.respond = respond
    }

    /// Adds all that can happen here to the wait. Returns when something is due by itself, if anything is.
    mutating func prepare(_ wait: inout SocketWait) -> ContinuousClock.Instant? {
        place = pausedUntil == nil ? wait.add(listener) : nil
        for index in visits.indices {
            visits[index].place = wait.add(visits[index].socket, isSending: visits[index].isAnswered)
        }
        return [visits.first?.deadline, pausedUntil].compactMap(\.self).min()
    }

    /// Does what can be done after the wait, without waiting.
    mutating func serve(_ wait: SocketWait, now: ContinuousClock.Instant) {
        visits = visits.compactMap { visit in
            guard now < visit.deadline else { return nil }
            return wait.isReady(visit.place) ? advanced(visit) : visit
        }
        if let pausedUntil, now >= pausedUntil { self.pausedUntil = nil }
        if let place, wait.isReady(place) { admit(now) }
    }

    private func advanced(_ visit: Visit) -> Visit? {
        var visit = visit
        return visit.advance(respond) ? visit : nil
    }

    /// Not more in a turn than there are places: those that are accepted are heard before they can be sent away.
    private mutating func admit(_ now: ContinuousClock.Instant) {
        for _ in 0..<Self.capacity {
            switch listener.accept() {
            case .nobody: return
            case .notNow:
                pausedUntil = now + Self.pause
                return
            case .connection(let socket):
                if visits.count == Self.capacity { visits.remove(at: visits.firstIndex { !$0.isAnswered } ?? 0) }
                if let visit = advanced(Visit(socket, deadline: now + Self.patience)) { visits.append(visit) }
            }
        }
    }
}
