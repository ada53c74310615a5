// SPDX-License-Identifier: Apache-2.0

import FlowKernel
internal import Foundation
import Host
internal import Synchronization

/// Work on a thread of its own, which stays on one CPU.
final class PinnedThread<Value: Sendable>: Sendable {
    private let outcome = Mutex<Result<Value, any Error>?>(nil)
    private let end = DispatchSemaphore(value: 0)

    init(on cpu: Int, _ work: @escaping @Sendable () throws -> Value) {
        let thread = Thread { [self] in
            let result = Result {
                try ThreadCPU.stay(on: cpu)
                return try work()
            }
            outcome.withLock { $0 = result }
            end.signal()
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Waits for the end of the work and returns its value, or throws what it threw. To be called once.
    func value() throws -> Value {
        end.wait()
        return try outcome.withLock { $0.take() }!.get()
    }
}

/// What threads tell each other: that something has happened, and never the reverse.
final class Signal: Sendable {
    private let given = Atomic(0)

    func give() { given.add(1, ordering: .releasing) }

    var isGiven: Bool { isGiven(times: 1) }

    func isGiven(times count: Int) -> Bool { given.load(ordering: .acquiring) >= count }
}
