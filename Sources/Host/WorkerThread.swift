// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// A thread of its own that does one job after the other, and has no privilege, whichever thread made it.
package final class WorkerThread: Sendable {
    private let jobs = Jobs()

    /// Starts the thread; it ends with its owner, after all jobs.
    package init(named name: String) {
        _ = HostThread(named: name, privileges: .none) { [jobs] in
            while let job = jobs.next() { job() }
        }
    }

    deinit { jobs.add(nil) }

    /// Does the job when those before it are done.
    package func async(_ job: @escaping @Sendable () -> Void) { jobs.add(job) }

    /// Does the job when those before it are done, and blocks until then.
    package func sync(_ job: @escaping @Sendable () -> Void) {
        let done = DispatchSemaphore(value: 0)
        jobs.add {
            job()
            done.signal()
        }
        done.wait()
    }
}

/// Jobs that wait; nil is the end.
private final class Jobs: Sendable {
    private let waiting = Mutex<[(@Sendable () -> Void)?]>([])
    private let count = DispatchSemaphore(value: 0)

    func add(_ job: (@Sendable () -> Void)?) {
        waiting.withLock { $0.append(job) }
        count.signal()
    }

    func next() -> (@Sendable () -> Void)? {
        count.wait()
        return waiting.withLock { $0.removeFirst() }
    }
}
