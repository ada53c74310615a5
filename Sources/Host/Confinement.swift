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

    /// What a helper may reach besides its folders.
    package struct Reach: Equatable, Sendable {
        /// Files that it may read; of those that are not there, and of others that take their place, nothing.
        package var files: [String]
        /// TCP ports of any host that it may connect to, since Linux 6.7.
        package var ports: [UInt16]

        package init(files: [String] = [], ports: [UInt16] = []) {
            self.files = files
            self.ports = ports
        }
    }

    /// Gives up every capability and every way to one, then all files but those below the folders, and TCP (Landlock). Sockets at a path, and
    /// UDP, stay possible. Called while the process has one thread.
    ///
    /// - Returns: false where this kernel has no Landlock, or a file system does not go with it, so that files are protected by their modes
    ///   alone.
    package static func enter(
        reading: [String], writing: [String], reach: Reach = Reach()
    ) throws(KernelError) -> Bool {
        try ThreadPrivileges.shedForGood()
        guard isPossible(reading, writing, reach) else { return false }
        return try restrict(reading, writing, reach)
    }

    /// Whether the folders can still be used afterwards, as a thread finds out that ends then. A network file system may show the kernel another
    /// inode at each look, so that no rule of Landlock is about it.
    private static func isPossible(_ reading: [String], _ writing: [String], _ reach: Reach) -> Bool {
        let trial = HostThread(named: "confined") { () throws -> Bool in
            guard try restrict(reading, writing, reach) else { return false }
            return (reading + writing).allSatisfy { (try? Descriptor.open($0, flags: O_RDONLY | O_DIRECTORY)) != nil }
        }
        return (try? trial.wait()) ?? false
    }

    private static func restrict(
        _ reading: [String], _ writing: [String], _ reach: Reach
    ) throws(KernelError) -> Bool {
        let ruleset = weir_landlock_begin()
        guard ruleset >= 0 else { return false }
        for (folders, writes) in [(reading, CInt(0)), (writing, 1)] {
            for folder in folders {
                let result = unsafe weir_landlock_allow(ruleset, folder, writes)
                guard result == 0 else { throw KernelError(errno: result, "cannot use \(folder)") }
            }
        }
        for file in reach.files {
            let result = unsafe weir_landlock_allow_file(ruleset, file)
            guard result == 0 else { throw KernelError(errno: result, "cannot use \(file)") }
        }
        for port in reach.ports {
            let result = weir_landlock_allow_port(ruleset, port)
            guard result == 0 else { throw KernelError(errno: result, "cannot use the TCP port \(port)") }
        }
        let result = weir_landlock_enforce(ruleset)
        guard result == 0 else { throw KernelError(errno: result, "cannot give up access to files") }
        return true
    }
}
