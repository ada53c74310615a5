// SPDX-License-Identifier: Apache-2.0

package import Host
import Synchronization

/// Reads the host's figures every few seconds, on a thread of its own without privileges.
package final class HostWatch: Sendable {
    private let board: MonitorBoard
    private let bell: Bell
    private let isEnding = Mutex(false)
    private let thread = Mutex<HostThread<Void>?>(nil)

    package init(_ board: MonitorBoard) throws(KernelError) {
        self.board = board
        bell = try Bell()
    }

    /// Begins, in the network namespace of the calling thread.
    package func start() {
        let started = HostThread(named: "weir-host", privileges: .none) { [self] in
            var reader = HostReader()
            while !isEnding.withLock(\.self) { follow(&reader) }
        }
        thread.withLock { $0 = started }
    }

    private func follow(_ reader: inout HostReader) {
        let interval = board.interval
        guard interval > .zero else { return bell.wait(atMost: .seconds(3600)) }
        let due = ContinuousClock.now + interval
        board.take(reader.read())
        bell.wait(atMost: due - .now)
    }

    /// The interval is another now.
    package func hurry() { bell.ring() }

    /// Ends it, once; blocks until what is being read is.
    package func end() {
        isEnding.withLock { $0 = true }
        bell.ring()
        try? thread.withLock { $0.take() }?.wait()
    }
}
