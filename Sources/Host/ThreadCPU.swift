// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// The CPU under the calling thread.
package enum ThreadCPU {
    /// Keeps the thread on that CPU from now on.
    package static func stay(on cpu: Int) throws(KernelError) {
        let result = weir_stay_on_cpu(CInt(cpu))
        guard result == 0 else { throw KernelError(errno: result, "cannot run on CPU \(cpu)") }
    }

    /// How long the thread has been at work, in user space and in the kernel (CLOCK_THREAD_CPUTIME_ID).
    ///
    /// Time in which it sleeps, or others have its CPU, does not count.
    package static var time: Duration {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// How long the body keeps the thread at work.
    package static func time<Failure: Error>(of body: () throws(Failure) -> Void) throws(Failure) -> Duration {
        let start = time
        try body()
        return time - start
    }

    /// How many CPUs are online.
    package static var online: Int { sysconf(CInt(_SC_NPROCESSORS_ONLN)) }
}
