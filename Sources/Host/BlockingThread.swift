// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// A thread of its own for work that blocks: never the cooperative pool.
package final class BlockingThread<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the work; the thread begins with what this one may do.
    package init(named name: String, _ work: @escaping @Sendable () throws -> Value) {
        Thread { [self] in
            ThreadName.set(name)
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

    /// Blocks until the work is done; to be called once.
    package func wait() throws -> Value {
        ended.wait()
        guard let result = result.withLock(\.self) else { preconditionFailure("a thread ended without a result") }
        return try result.get()
    }
}
