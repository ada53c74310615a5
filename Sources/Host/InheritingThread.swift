// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread of its own for one job, which may do what the thread that starts it may: capabilities go from thread to
/// thread, and a queue's threads were made by unknown threads.
package enum InheritingThread {
    private final class Job: Sendable {
        package let body: @Sendable () -> Void
        package init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts the job; where no thread can be made, does it now.
    package static func start(_ body: @escaping @Sendable () -> Void) {
        let job = unsafe Unmanaged.passRetained(Job(body))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body()
                }
                return nil
            }, job.toOpaque())
        guard result != 0 else {
            pthread_detach(thread)
            return
        }
        unsafe job.release()
        body()
    }
}
