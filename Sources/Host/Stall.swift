// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How long a thread has been waiting for a disk: written by that thread, read by those that report. A disk that hangs keeps
/// the thread from saying so itself.
package final class Stall: Sendable {
    private let since = Mutex<ContinuousClock.Instant?>(nil)

    /// What takes no longer than this is no stall.
    private let patience: Duration

    package init(patience: Duration) { self.patience = patience }

    /// Runs what can hang.
    package func during<Value: ~Copyable, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value
    {
        begin()
        defer { end() }
        return try body()
    }

    package func begin() { since.withLock { $0 = .now } }

    package func end() { since.withLock { $0 = nil } }

    /// For how long it hangs; nil while it does not.
    package var seconds: Double? {
        guard let since = since.withLock(\.self) else { return nil }
        let duration = since.duration(to: .now)
        return duration < patience ? nil : duration / .seconds(1)
    }
}
