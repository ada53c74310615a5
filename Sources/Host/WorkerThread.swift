// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// A thread of its own that does one job after the other, and has no privilege, whoever made it.
///
/// A thread begins with the capabilities of the one that makes it. What the meter's thread hands over must therefore not
/// go to a queue of Dispatch or to a task: either may make a thread for it, which would keep the meter's capabilities
/// and later serve somebody else.
package final class WorkerThread: Sendable {
    private let jobs = Jobs()

    /// Starts the thread; it ends with its owner, after all jobs.
    package init(named name: String) {
        Thread { [jobs] in
            ThreadName.set(name)
            // It cannot fail: giving up is always allowed.
            try? ThreadPrivileges.shed()
            while let job = jobs.next() { job() }
        }.start()
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
