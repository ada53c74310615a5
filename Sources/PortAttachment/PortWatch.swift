// SPDX-License-Identifier: Apache-2.0

package import DaemonReports
import FlowKernel
import FlowModel
package import Host
import HostTaps
package import Logging
import Synchronization
import TapService
package import WeirConfiguration

/// Follows interfaces on a thread of its own: attaching a port takes some 30 ms, and no window waits for that.
///
/// The meter learns of ports from the register, as it does of those that an operator attaches.
package final class PortWatch: Sendable {
    /// What the start came to.
    package struct Beginning: Sendable {
        /// Patterns that match no interface yet.
        package var awaited: [String]
    }

    private struct State: Sendable {
        var isEnding = false
        var beginning: Beginning?
        var failure: KernelError?
        /// Rung when there is something to look at here.
        var ring: (@Sendable () -> Void)?
        /// Read again, and not taken yet.
        var configuration: Configuration?
        /// What of it could not be done.
        var problems: [String]?
        /// Whether ports are to be reviewed at once.
        var isReviewDue = false
    }

    private let keeper: Mutex<PortKeeper>
    private let bell: Bell
    private let state = Mutex(State())
    private let thread = Mutex<HostThread<Void>?>(nil)
    private let board: DaemonBoard
    private let logger: Logger

    /// After a burst that the kernel could not keep: what the next list shows, no event has to.
    private static let settling = Duration.milliseconds(50)

    package init(_ keeper: consuming sending PortKeeper, board: DaemonBoard, logger: Logger) throws(KernelError) {
        bell = try Bell()
        self.keeper = Mutex(keeper)
        self.board = board
        self.logger = logger
    }

    /// Begins, in the network namespace of the calling thread.
    ///
    /// - Parameter ring: called on any thread when there is something to look at here.
    package func start(ringing ring: @escaping @Sendable () -> Void) {
        state.withLock { $0.ring = ring }
        keeper.withLock { $0.onDirectoryNews { [weak self] in self?.bell.ring() } }
        board.taps.onRequest { [weak self] in self?.bell.ring() }
        let started = HostThread(named: "weir-ports") { [self] in keeper.withLock { keeper in follow(&keeper) } }
        thread.withLock { $0 = started }
    }

    /// Ends it, once; blocks until what is being attached is.
    package func end() {
        state.withLock { $0.isEnding = true }
        bell.ring()
        try? thread.withLock(\.self)?.wait()
        board.taps.close()
    }

    /// Goes on with a configuration that was read again.
    package func reconfigure(_ configuration: Configuration) {
        state.withLock { $0.configuration = configuration }
        bell.ring()
    }

    /// Has ports reviewed at once.
    package func review() {
        state.withLock { $0.isReviewDue = true }
        bell.ring()
    }

    /// Why interfaces are not followed any more.
    package var failure: KernelError? { state.withLock(\.failure) }

    /// nil until all ports are attached that were there at the start.
    package var beginning: Beginning? { state.withLock(\.beginning) }

    /// What could not be done of the last configuration that was handed over; nil where there was none, or it is not taken
    /// yet. Each comes once.
    package func takeProblems() -> [String]? { state.withLock { $0.problems.take() } }

    /// Calls the body with the keeper, after the end.
    package func withKeeper<Result: Sendable>(
        _ body: (borrowing PortKeeper) throws(KernelError) -> Result
    ) throws(KernelError) -> Result {
        try keeper.withLock { keeper throws(KernelError) in try body(keeper) }
    }

    private var isEnding: Bool { state.withLock(\.isEnding) }

    private var isReviewDue: Bool {
        state.withLock { state in
            defer { state.isReviewDue = false }
            return state.isReviewDue
        }
    }

    private func follow(_ keeper: inout PortKeeper) {
        do throws(KernelError) {
            try begin(&keeper)
            try goOn(&keeper)
        } catch {
            tell { $0.failure = error }
        }
        keeper.endTaps()
    }

    private func tell(_ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            state.ring?()
        }
    }
}

extension PortWatch {
    /// Attaches what is there. Throws where nothing of it can be attached; else what cannot be is said.
    private func begin(_ keeper: inout PortKeeper) throws(KernelError) {
        var refused: [KernelError] = []
        var attached = 0
        while !keeper.isBegun, !isEnding {
            keeper.waitForList(or: bell)
            var changes = PortChanges()
            try keeper.hear(&changes)
            note(StartProgress(done: attached, total: attached + keeper.waitingCount), keeper)
            try keeper.attachWaiting(&changes)
            attached += changes.attached.count
            refused += changes.refused
            (changes.attached, changes.refused) = ([], [])
            keeper.followTaps(isChanged: changes.concernsTaps)
            report(changes, keeper)
        }
        keeper.followTaps(isChanged: true)
        note(nil, keeper)
        if let error = refused.first, try keeper.installation.attachedPorts().isEmpty { throw error }
        for error in refused { logger.error("\(error); measuring goes on without") }
        guard keeper.isBegun else { return }
        let beginning = Beginning(awaited: keeper.unmatchedPatterns)
        tell { state in
            state.beginning = beginning
            // What can be taken away of a port is known from the first look on.
            state.isReviewDue = true
        }
    }

    private func goOn(_ keeper: inout PortKeeper) throws(KernelError) {
        sample(&keeper)
        var nextReview = ContinuousClock.now + keeper.reviewPeriod
        while !isEnding {
            var changes = try keeper.follow()
            let isReconfigured = try takeConfiguration(&keeper, &changes)
            keeper.followTaps(isChanged: changes.concernsTaps)
            report(changes, keeper)
            if isReconfigured || !changes.attached.isEmpty || !changes.renamed.isEmpty { sample(&keeper) }
            note(nil, keeper)
            if changes.hasLostEvents { bell.wait(atMost: Self.settling) }
            if !changes.attached.isEmpty { review() }
            if ContinuousClock.now >= nextReview || isReviewDue {
                report(try keeper.review(), keeper)
                // An interface that is no port, and is a destination, comes without news.
                keeper.followTaps(isChanged: true)
                sample(&keeper)
                note(nil, keeper)
                nextReview = .now + keeper.reviewPeriod
            } else if !keeper.hasWork, !isEnding {
                let limit = ContinuousClock.now.duration(to: nextReview)
                keeper.wait(atMost: min(limit, keeper.untilTapsAreDue ?? limit), or: bell)
            }
        }
    }

    private func sample(_ keeper: inout PortKeeper) {
        if let failure = keeper.sample() { logger.error("\(failure); measuring goes on") }
    }

    /// Whether there was one.
    private func takeConfiguration(
        _ keeper: inout PortKeeper, _ changes: inout PortChanges
    ) throws(KernelError) -> Bool {
        guard let configuration = state.withLock({ $0.configuration.take() }) else { return false }
        let problems = try keeper.reconfigure(configuration, &changes)
        tell { $0.problems = problems }
        return true
    }

    private func report(_ changes: PortChanges, _ keeper: borrowing PortKeeper) {
        logger.log(changes)
        let impaired = keeper.impaired
        let taps = keeper.taps?.report
        board.update { report in
            report.taps = taps
            var coverage = report.ports.coverage ?? CoverageReport()
            coverage.add(changes)
            coverage.impaired = impaired
            report.ports.coverage = coverage
        }
    }

    private func note(_ progress: StartProgress?, _ keeper: borrowing PortKeeper) {
        let refused = keeper.refused
        board.update { report in
            report.life.progress = progress
            report.ports.refused = refused
        }
    }
}
