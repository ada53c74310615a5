// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// How many descriptors this process may have open, and what they are for.
///
/// The daemon takes some 55, with `weir-mirror` 35 more, and one for each port: of its counters, so that they can be pinned again. Where the limit is too low for
/// that, counters are opened whenever they are read, which costs three system calls more a port and window.
package enum DescriptorLimit {
    /// Raises the soft limit to the hard one.
    package static func raise() throws(KernelError) {
        let result = weir_raise_descriptor_limit()
        guard result == 0 else { throw KernelError(errno: result, "cannot raise the limit of open files") }
    }

    /// For all that is not held for ports.
    private static let reserve = 128

    /// What is held for ports: half of it for their counters, half for other pins of theirs.
    package static var mostHeldOfAKind: Int { max(0, current - reserve) / 2 }

    private static var current: Int { Int(clamping: weir_descriptor_limit()) }

    /// Interfaces that can be attached at one go: the programs of each take some descriptors while they are loaded.
    package static func attachable(atMost most: Int) -> Int {
        let limit = current
        // Where there are so many, they need not be counted.
        guard limit < 16384 else { return most }
        let open = Folder.entries(of: "/proc/self/fd").count
        // To list them takes one more.
        let room = open == 0 ? 0 : limit - open
        return max(0, min(most, (room - reserveOfAttaching) / eachAttaching))
    }

    private static let reserveOfAttaching = 16
    private static let eachAttaching = 8
}

extension KernelError {
    /// Whether it says that no more files can be open.
    package var isOutOfDescriptors: Bool { code == .system(EMFILE) || code == .system(ENFILE) }

    /// Why an interface is not attached for want of descriptors.
    package static func outOfDescriptors(attaching name: String) -> KernelError {
        KernelError(
            .system(EMFILE), "cannot attach to \(name)", cause: "the process may not have more files open",
            remedy: "raise the limit (LimitNOFILE of systemd, ulimit -n)")
    }
}
