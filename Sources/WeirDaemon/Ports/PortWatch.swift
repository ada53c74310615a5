// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FlowKernel
import Foundation
import Logging
import Synchronization

/// Follows interfaces on a thread of its own: attaching a port takes some 30 ms, and no window waits for that.
///
/// The meter learns of ports from the register, as it does of those that an operator attaches.
final class PortWatch: Sendable {
    private struct State: Sendable {
        var isEnding = false
        var failure: KernelError?
        var onFailure: StopSignal?
    }

    private let keeper: Mutex<PortKeeper>
    private let bell: Bell
    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)
    private let logger: Logger

    /// What the kernel does not tell of may go unnoticed for so long: see `PortKeeper.review`.
    private static let reviewPeriod = Duration.seconds(30)
    /// After a burst that the kernel could not keep: what the next list shows, no event has to.
    private static let settling = Duration.milliseconds(50)

    init(_ keeper: consuming sending PortKeeper, logger: Logger) throws(KernelError) {
        bell = try Bell()
        self.keeper = Mutex(keeper)
        self.logger = logger
    }

    /// Begins, in the network namespace of the calling thread. `stop` is rung where it cannot go on.
    func start(failing stop: StopSignal) {
        state.withLock { $0.onFailure = stop }
        keeper.withLock { $0.onSwitchNews { [weak self] in self?.bell.ring() } }
        let thread = Thread { [self] in
            ThreadName.set("weir-ports")
            keeper.withLock { keeper in follow(&keeper) }
            ended.signal()
        }
        thread.start()
    }

    /// Ends it, once; blocks until what is being attached is.
    func end() {
        state.withLock { $0.isEnding = true }
        bell.ring()
        ended.wait()
    }

    /// Why nobody follows interfaces any more.
    var failure: KernelError? { state.withLock(\.failure) }

    /// Calls the body with the keeper, after the end.
    func withKeeper<Result: Sendable>(
        _ body: (borrowing PortKeeper) throws(KernelError) -> Result
    ) throws(KernelError) -> Result {
        try keeper.withLock { keeper throws(KernelError) in try body(keeper) }
    }

    private func follow(_ keeper: inout PortKeeper) {
        var reviewed = ContinuousClock.now
        do throws(KernelError) {
            while !state.withLock(\.isEnding) {
                let changes = try keeper.follow()
                logger.log(changes)
                if changes.hasLostEvents { bell.wait(atMost: Self.settling) }
                let next = reviewed + Self.reviewPeriod
                if ContinuousClock.now >= next {
                    logger.log(keeper.review())
                    reviewed = .now
                } else if !keeper.hasWork, !state.withLock(\.isEnding) {
                    keeper.wait(atMost: ContinuousClock.now.duration(to: next), or: bell)
                }
            }
        } catch {
            state.withLock { state in
                state.failure = error
                state.onFailure?.nudge()
            }
        }
    }
}
