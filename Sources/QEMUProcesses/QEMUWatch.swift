// SPDX-License-Identifier: Apache-2.0

import Dispatch
package import Host
package import Logging
package import PortDirectory
import Synchronization

/// Says whose the taps of QEMU's processes are, by their command lines, on a thread of its own, which has no privilege; ends with its owner.
///
/// It only names: whether an interface is measured, others decide. A process whose command line the kernel does not hand out at once
/// delays this thread and nothing else.
package final class QEMUWatch: Sendable {
    private let following: QEMUFollowing

    /// Begins, in the network namespace of the calling thread, and waits a little for the first look: names in records come from it.
    package init(logger: Logger) throws(KernelError) {
        following = try QEMUFollowing(logger)
        following.start()
    }

    deinit { following.end() }

    package var directory: any InterfaceDirectory { following.board }
}

/// The work of the thread.
private final class QEMUFollowing: Sendable {
    /// It lists nothing to be measured, and so no log line calls it anything.
    let board = ListingBoard("")
    private let logger: Logger
    private let bell: Bell
    private let isEnding = Mutex(false)
    private let hasLooked = DispatchSemaphore(value: 0)
    private let thread = Mutex<HostThread<Void>?>(nil)

    private static let patience = Duration.seconds(1)

    init(_ logger: Logger) throws(KernelError) {
        self.logger = logger
        bell = try Bell()
        // Where it never gets further, others' word counts all the same.
        board.take([:])
    }

    func start() {
        let started = HostThread(named: "weir-qemu", privileges: .none) { [self] in run() }
        thread.withLock { $0 = started }
        _ = hasLooked.wait(timeout: .now() + Self.patience / .seconds(1))
    }

    /// Ends the thread, and waits a little for it: it may hang at a process.
    func end() {
        isEnding.withLock { $0 = true }
        bell.ring()
        _ = thread.withLock(\.self)?.hasEnded(within: Self.patience)
    }

    private func run() {
        do throws(KernelError) {
            try follow()
        } catch {
            logger.warning("taps of QEMU's processes are not named any more: \(error)")
            hasLooked.signal()
        }
    }

    private func follow() throws(KernelError) {
        var monitor = try InterfaceMonitor()
        var taps = TapTable()
        var book = ProcessBook()
        var pace = LookPace()
        var published: [String: PortFacts] = [:]
        while !isEnding.withLock(\.self) {
            let isNews = taps.take(try monitor.news())
            let now = ContinuousClock.now
            if isNews { pace.noteNews(now) }
            if let look = pace.due(now, hasTaps: !taps.isEmpty, hasMachines: book.hasProcesses) {
                pace.noteLook(look, now)
                if taps.isEmpty { book = ProcessBook() } else { book.look(isThorough: look == .thorough, now: now) }
                let facts = taps.facts(book.processes)
                if facts != published { board.take(PortListing(facts)) }
                published = facts
                hasLooked.signal()
            }
            let pause = pace.pause(.now, hasTaps: !taps.isEmpty, hasMachines: book.hasProcesses)
            bell.wait(atMost: pause, orFor: monitor)
        }
    }
}
