// SPDX-License-Identifier: Apache-2.0

import CHost
import Dispatch
import Foundation
import Synchronization

/// A thread of its own, with a name: for work that blocks or goes on and on. Never a thread of the cooperative pool or of a queue.
///
/// A thread begins with the capabilities of the one that makes it. What a privileged thread hands over must therefore not go to a
/// queue of Dispatch or to a task: either may make a thread for it, which would keep the capabilities and serve others later.
package final class HostThread<Value: Sendable>: Sendable {
    /// What the thread may do (capabilities(7)).
    package enum Privileges: Sendable {
        /// What the thread may do that starts it.
        case inherited
        /// Nothing beyond an ordinary thread.
        case none
    }

    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the work.
    ///
    /// - Parameter name: 15 bytes at most are kept.
    package init(
        named name: String, privileges: Privileges = .inherited, _ work: @escaping @Sendable () throws -> Value
    ) {
        Thread { [self] in
            unsafe weir_name_thread(name)
            // It cannot fail: giving up is always allowed.
            if privileges == .none { try? ThreadPrivileges.shed() }
            let outcome = Result { try work() }
            result.withLock { $0 = outcome }
            ended.signal()
        }.start()
    }

    /// Blocks until the work is done, but not longer than that. Whether it is.
    package func hasEnded(within duration: Duration) -> Bool {
        guard ended.wait(timeout: .now() + duration / .seconds(1)) == .success else { return false }
        ended.signal()
        return true
    }

    /// Blocks until the work is done.
    @discardableResult
    package func wait() throws -> Value {
        ended.wait()
        ended.signal()
        guard let result = result.withLock(\.self) else { preconditionFailure("a thread ended without a result") }
        return try result.get()
    }
}
