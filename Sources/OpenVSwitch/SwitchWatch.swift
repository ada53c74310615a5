// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FlowModel
import Foundation
package import Host
package import Logging
import Synchronization

/// Follows the ports of a switch on a thread of its own, which has no privilege; ends with its owner.
///
/// A switch that is away, restarts or speaks nonsense is said once and tried again, ever less often; what it said last
/// stays on the board.
package final class SwitchWatch: Sendable {
    package let board: SwitchBoard
    private let following: SwitchFollowing

    /// Begins, and waits a little for the first list: names in records come from it.
    package init(_ choice: SwitchChoice, logger: Logger) throws(KernelError) {
        board = SwitchBoard(choice)
        following = try SwitchFollowing(board, logger)
        following.start()
        following.waitForFirstWord()
    }

    deinit { following.end() }
}

/// The work of the thread.
private final class SwitchFollowing: Sendable {
    private let board: SwitchBoard
    private let logger: Logger
    private let bell: Bell
    private let isEnding = Mutex(false)
    private let thread = Mutex<HostThread<Void>?>(nil)
    private let hasWord = DispatchSemaphore(value: 0)

    private static let patience = DispatchTimeInterval.seconds(3)
    /// Changes come in crowds: the ports are put together from the tables at most as often.
    private static let settling = Duration.milliseconds(50)

    init(_ board: SwitchBoard, _ logger: Logger) throws(KernelError) {
        self.board = board
        self.logger = logger
        bell = try Bell()
    }

    func start() {
        let started = HostThread(named: "weir-ovs", privileges: .none) { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Blocks until the switch has listed its ports, or cannot.
    func waitForFirstWord() { _ = hasWord.wait(timeout: .now() + Self.patience) }

    /// Ends the thread, once, and waits for it.
    func end() {
        isEnding.withLock { $0 = true }
        bell.ring()
        try? thread.withLock(\.self)?.wait()
    }

    private func run() {
        var pace = RetryPace()
        while !isEnding.withLock(\.self) {
            do throws(OVSDBFailure) {
                try follow(&pace)
            } catch {
                say(error)
                hasWord.signal()
                bell.wait(atMost: pace.pause())
            }
        }
    }

    /// Returns when the end is asked for.
    private func follow(_ pace: inout RetryPace) throws(OVSDBFailure) {
        var conversation = try SwitchConversation(on: board.choice.socket)
        var isBehind = false
        var next = ContinuousClock.now
        while !isEnding.withLock(\.self) {
            let limit = isBehind ? ContinuousClock.now.duration(to: next) : .seconds(3600)
            let progress = try conversation.turn(orFor: bell, atMost: limit)
            for method in progress.unknownMethods { say(unknown: method) }
            isBehind = isBehind || progress.hasChanged
            guard isBehind, ContinuousClock.now >= next, let tables = conversation.tables else { continue }
            publish(SwitchPorts(tables))
            pace.reset()
            isBehind = false
            next = .now + Self.settling
        }
    }

    private func publish(_ ports: SwitchPorts) {
        let isNew = board.take(ports)
        hasWord.signal()
        guard isNew else { return }
        let report = board.report
        logger.notice(
            "following Open vSwitch on \(report.socket): \(counted(report.guestPorts, "port")) of guests on \(Self.names(report.bridges))"
        )
        for name in board.choice.bridges where !report.bridges.contains(name) {
            logger.notice("Open vSwitch has no bridge \(name); its ports are measured when it comes")
        }
    }

    private static func names(_ bridges: [String]) -> String {
        bridges.isEmpty ? "no bridge" : bridges.joined(separator: ", ")
    }
}

// What is said of a switch that does not do as it should.
extension SwitchFollowing {
    private func say(_ failure: OVSDBFailure) {
        guard board.fail(failure) else { return }
        logger.warning(
            "cannot follow Open vSwitch on \(board.choice.socket): \(failure)\(Self.remedy(failure)); measuring goes on with what is attached, and it is tried again"
        )
    }

    private static func remedy(_ failure: OVSDBFailure) -> String {
        guard case .unreachable = failure else { return "" }
        return "; start it, or name its run directory with --ovs-rundir"
    }

    private func say(unknown method: String) {
        guard board.isFirst(method) else { return }
        logger.notice("Open vSwitch notifies of \(method.quoted), which Weir did not ask for; ignoring it")
    }
}
