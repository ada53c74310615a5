// SPDX-License-Identifier: Apache-2.0

import CHost
import Dispatch
import Glibc
import Host
import Synchronization

/// Where libxdp is called: on a thread with descriptors of its own, which end with it.
///
/// libxdp 1.3 leaves those open by which it looks at a dispatcher and its programs. In a daemon they would be more with every
/// port, and keep programs of others in the kernel that those have long replaced.
enum LibxdpThread {
    /// Runs the body to its end, in the network namespace and with the privileges of this thread.
    ///
    /// - Parameter failure: what could not be done, and on what, where no such thread can be had.
    static func run(
        _ failure: String, _ body: @escaping @Sendable () throws(KernelError) -> Void
    ) throws(KernelError) {
        let ended = Ended()
        let caller = pthread_self()
        InheritingThread.start {
            do throws(KernelError) {
                // Where no thread can be made it is the caller's, whose descriptors others look for.
                let result = pthread_equal(caller, pthread_self()) == 0 ? weir_own_descriptors() : 0
                guard result == 0 else {
                    let error = KernelError(errno: result, failure)
                    throw KernelError(
                        error.code, failure, cause: "libxdp's files cannot be kept apart: \(error.cause)",
                        remedy: error.remedy)
                }
                try body()
            } catch {
                ended.failure.withLock { $0 = error }
            }
            ended.signal.signal()
        }
        ended.signal.wait()
        if let failure = ended.failure.withLock({ $0 }) { throw failure }
    }

    private final class Ended: Sendable {
        let failure = Mutex<KernelError?>(nil)
        let signal = DispatchSemaphore(value: 0)
    }
}
