// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
internal import Foundation
internal import Synchronization

/// A thread that sends some frames in turn, more slowly than any queue is emptied, and knows how often it did.
final class SteadySender: Sendable {
    private struct State {
        var isStopped = false
        var rounds: UInt64 = 0
        var failure: (any Error)?
    }

    private let state = Mutex(State())
    private let end = DispatchSemaphore(value: 0)

    /// Starts it. It ends after that many rounds, or minutes.
    init(_ frames: [[UInt8]], on interface: String, in namespace: NetworkNamespace, rounds: UInt64) throws {
        let injector = try FrameInjector(on: interface, in: namespace)
        Thread.detachNewThread { [self] in
            defer { end.signal() }
            let deadline = ContinuousClock.now + .seconds(240)
            for _ in 0..<rounds {
                guard ContinuousClock.now < deadline, sendRound(frames, by: injector) else { return }
                Thread.sleep(forTimeInterval: 0.001)
            }
        }
    }

    private func sendRound(_ frames: [[UInt8]], by injector: FrameInjector) -> Bool {
        state.withLock { state in
            guard !state.isStopped else { return false }
            do {
                for frame in frames { try injector.send(frame) }
                state.rounds += 1
                return true
            } catch {
                state.failure = error
                return false
            }
        }
    }

    /// Ends it. How many rounds it has sent.
    func stop() throws -> UInt64 {
        state.withLock { $0.isStopped = true }
        return try finish()
    }

    /// Waits for its end.
    func finish() throws -> UInt64 {
        end.wait()
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.rounds
        }
    }
}
