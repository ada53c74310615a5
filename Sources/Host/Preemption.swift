// SPDX-License-Identifier: Apache-2.0

/// Whether the kernel can interrupt one program on a CPU by another.
package enum Preemption {
    /// A PREEMPT_RT kernel says 1 in this file; others do not have it.
    package static let file = "/sys/kernel/realtime"

    package static func isRealtime(file: String = file) -> Bool {
        (try? ProcFile.read(file))?.hasPrefix("1") ?? false
    }

    /// Throws on PREEMPT_RT, where softirqs are threads: programs on one CPU could write the same slot at one time.
    package static func requireOneWriter(file: String = file) throws(KernelError) {
        guard isRealtime(file: file) else { return }
        throw KernelError(
            .unsupported, "cannot measure ports", cause: "this is a PREEMPT_RT kernel, on which counts could be lost",
            remedy: "use a kernel without PREEMPT_RT")
    }
}
