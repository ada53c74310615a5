// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// What a helper gives up for good before it does anything: privileges, and files that are none of its business.
package enum Confinement {
    /// Ends this process with the one that started it. Throws where that one has ended already.
    package static func dieWithParent(_ parent: Int32) throws(KernelError) {
        let result = weir_die_with(parent)
        guard result == 0 else { throw KernelError(errno: result, "cannot end with the daemon") }
    }

    /// Gives up every capability and every way to one, then all files but those below the folders (Landlock). Called while the process has
    /// one thread.
    ///
    /// - Returns: false where this kernel has no Landlock, or a file system does not go with it, so that files are protected by their modes
    ///   alone.
    package static func enter(reading: [String], writing: [String]) throws(KernelError) -> Bool {
        try ThreadPrivileges.shedForGood()
        guard isPossible(reading, writing) else { return false }
        return try restrict(reading, writing)
    }

    /// Whether the folders can still be used afterwards, as a thread finds out that ends then. A network file system may show the kernel another
    /// inode at each look, so that no rule of Landlock is about it.
    private static func isPossible(_ reading: [String], _ writing: [String]) -> Bool {
        let trial = HostThread(named: "confined") { () throws -> Bool in
            guard try restrict(reading, writing) else { return false }
            return (reading + writing).allSatisfy { (try? Descriptor.open($0, flags: O_RDONLY | O_DIRECTORY)) != nil }
        }
        return (try? trial.wait()) ?? false
    }

    private static func restrict(_ reading: [String], _ writing: [String]) throws(KernelError) -> Bool {
        let ruleset = weir_landlock_begin()
        guard ruleset >= 0 else { return false }
        for (folders, writes) in [(reading, CInt(0)), (writing, 1)] {
            for folder in folders {
                let result = unsafe weir_landlock_allow(ruleset, folder, writes)
                guard result == 0 else { throw KernelError(errno: result, "cannot use \(folder)") }
            }
        }
        let result = weir_landlock_enforce(ruleset)
        guard result == 0 else { throw KernelError(errno: result, "cannot give up access to files") }
        return true
    }
}
