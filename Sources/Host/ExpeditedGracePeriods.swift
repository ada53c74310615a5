// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// Has the kernel end its RCU grace periods at once, for as long as this exists (`/sys/kernel/rcu_expedited`).
///
/// The kernel waits for a grace period at every program that is attached or detached: 8 to 12 ms, or some 40 µs while it is
/// expedited, which interrupts each CPU once. A child process writes back what was there when this process ends, however it ends.
package struct ExpeditedGracePeriods: ~Copyable {
    private let watcher: pid_t
    /// The watcher reads the other end, and sees it close.
    private let pipe: Descriptor

    /// From so many ports on that are attached, or detached, at one go it is worth it.
    private static let fewestPorts = 8

    private static let path = "/sys/kernel/rcu_expedited"

    /// Whether this process may.
    private static var isAllowed: Bool { unsafe access(path, W_OK) == 0 }

    /// nil where there are too few ports, this process may not, or grace periods are expedited already.
    ///
    /// - Parameter ports: how many are to be attached or detached.
    package static func begin(for ports: Int) -> ExpeditedGracePeriods? {
        guard ports >= fewestPorts, isAllowed, (try? ProcFile.read(path))?.first == "0" else { return nil }
        var raw: CInt = -1
        let watcher = unsafe weir_run_at_end("while read -r line; do :; done; echo 0 >\(path)", &raw)
        guard watcher > 0 else { return nil }
        let begun = ExpeditedGracePeriods(watcher: watcher, pipe: Descriptor(owning: raw))
        write("1")
        return consume begun
    }

    private init(watcher: pid_t, pipe: consuming Descriptor) {
        self.watcher = watcher
        self.pipe = pipe
    }

    deinit {
        Self.write("0")
        weir_end_child(watcher)
    }

    /// Where it fails, attaching takes longer.
    private static func write(_ text: String) {
        guard let file = try? Descriptor.open(path, flags: O_WRONLY) else { return }
        _ = unsafe Glibc.write(file.raw, text, text.utf8.count)
    }
}
