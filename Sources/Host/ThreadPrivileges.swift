// SPDX-License-Identifier: Apache-2.0

import CHost

/// What the calling thread may do beyond an ordinary one.
///
/// Capabilities belong to threads, and a thread begins with those of the one that made it. So a process gives up what it
/// does not need before it has a second thread; then one thread keeps the rest, and every other sheds it first of all.
package enum ThreadPrivileges {
    /// Gives up for good, for this thread and those that it makes, all but what measuring needs; and of that keeps
    /// nothing in force but what the kernel asks for at every turn. Called while the process has one thread.
    ///
    /// - Parameter others: are kept besides, where they are there.
    package static func keepOnlyRequired(besides others: [Capability] = []) throws(KernelError) {
        let others = others.reduce(0) { $0 | $1.bit }
        let kept = CapabilitySets.keptForMeasuring | CapabilitySets.ofThread.permitted & others
        try check(weir_close_ways_to_capabilities(kept))
        try CapabilitySets(effective: kept & alwaysInForce, permitted: kept).apply()
    }

    /// Gives up everything, for this thread and those that it makes.
    package static func shed() throws(KernelError) { try CapabilitySets().apply() }

    /// The same, and closes every way to get something back. Called while the process has one thread.
    package static func shedForGood() throws(KernelError) {
        try check(weir_close_ways_to_capabilities(0))
        try shed()
    }

    /// Runs the body with all that is permitted in force, and takes that back afterwards.
    ///
    /// Where all is in force anyway, as in a command that root runs, this does nothing.
    package static func inForce<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let sets = CapabilitySets.ofThread
        guard sets.effective != sets.permitted else { return try body() }
        var raised = sets
        raised.effective = sets.permitted
        // Where this fails so does the body, with the kernel's word on what is missing.
        try? raised.apply()
        defer { try? sets.apply() }
        return try body()
    }

    /// Before 5.19 with `kernel.unprivileged_bpf_disabled` set, every bpf(2) takes CAP_BPF; since then only those that
    /// make something (commit c8644cd0efe7).
    private static var alwaysInForce: UInt64 {
        guard let running = KernelVersion.running, running < KernelVersion(5, 19) else { return 0 }
        return Capability.bpf.bit | Capability.sysAdmin.bit
    }

    fileprivate static func check(_ result: CInt) throws(KernelError) {
        guard result != 0 else { return }
        throw KernelError(errno: result, "cannot give up privileges that are not needed")
    }
}

/// The sets of a thread; the inheritable one is always given up.
struct CapabilitySets: Equatable {
    var effective: UInt64 = 0
    package var permitted: UInt64 = 0

    /// Those of the calling thread; none where the kernel does not say.
    static var ofThread: CapabilitySets {
        var sets = weir_capability_sets()
        guard unsafe weir_get_capabilities(&sets) == 0 else { return CapabilitySets() }
        return CapabilitySets(effective: sets.effective, permitted: sets.permitted)
    }

    /// Of what the calling thread has, all that measuring can need.
    static var keptForMeasuring: UInt64 {
        let permitted = ofThread.permitted
        let required = Capability.required.reduce(0) { $0 | $1.bit }
        // It is kept only where it stands for others.
        return permitted & (permitted & required == required ? required : required | Capability.sysAdmin.bit)
    }

    /// Makes them the calling thread's.
    package func apply() throws(KernelError) {
        var sets = weir_capability_sets(effective: effective, permitted: permitted, inheritable: 0)
        try ThreadPrivileges.check(unsafe weir_set_capabilities(&sets))
    }
}
