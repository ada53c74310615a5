// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where requests about taps wait for the thread that carries them out, and where it leaves how all stands. Used from any thread.
package final class TapDesk: Sendable {
    package enum Action: Sendable {
        case create(TapKind, [String: TapJSON])
        /// By id or name.
        case update(TapKind, String, [String: TapJSON])
        case delete(TapKind, String)
        case beginCapture([String: TapJSON])
        /// By its id.
        case renewCapture(String)
        case endCapture(String)
    }

    package enum Done: Equatable, Sendable {
        /// The object of that id is as the request has it.
        case changed(id: String)
        /// What went, as sentences name it.
        case deleted([String])
        /// As it stands; as it stood where it was ended.
        case capture(TapCaptureView)
    }

    package struct Request: Sendable {
        package let action: Action
        package let owner: TapOwner
        /// To be called once, from any thread.
        package let reply: @Sendable (Result<Done, TapError>) -> Void
    }

    private struct State {
        var requests: [Request] = []
        var ring: (@Sendable () -> Void)?
        var isClosed = false
        var view = TapView()
    }

    private let state = Mutex(State())

    package init() {}

    /// Has a request carried out.
    package func ask(
        _ action: Action, by owner: TapOwner, _ reply: @escaping @Sendable (Result<Done, TapError>) -> Void
    ) {
        let ring = state.withLock { state -> (@Sendable () -> Void)? in
            guard !state.isClosed else { return nil }
            state.requests.append(Request(action: action, owner: owner, reply: reply))
            return state.ring ?? {}
        }
        if let ring { ring() } else { reply(.failure(Self.ending)) }
    }

    /// How all stands.
    package var view: TapView {
        get { state.withLock(\.view) }
        set { state.withLock { $0.view = newValue } }
    }

    /// - Parameter ring: called on any thread when there are requests.
    package func onRequest(_ ring: @escaping @Sendable () -> Void) { state.withLock { $0.ring = ring } }

    package var hasRequests: Bool { state.withLock { !$0.requests.isEmpty } }

    package func takeRequests() -> [Request] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    /// From now on no thread carries out requests.
    package func close() {
        let left = state.withLock { state in
            state.isClosed = true
            defer { state.requests = [] }
            return state.requests
        }
        for request in left { request.reply(.failure(Self.ending)) }
    }

    private static let ending = TapError(.failed, "the daemon is ending: ask the next one")
}
