// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Host

/// Owns the right to swap the tables of one directory of pins: one daemon at a time.
///
/// A lock on the base directory (flock(2)), so that it goes with the process, however that ends.
package struct DaemonLock: ~Copyable {
    private let descriptor: Descriptor

    /// Takes the lock, or throws, naming the daemon that has it.
    package static func take(_ directory: PinDirectory) throws(KernelError) -> DaemonLock {
        let descriptor = try directory.openBase()
        // A process that only tests the lock holds it for a moment.
        for _ in 0..<10 {
            if descriptor.lockExclusively() { return DaemonLock(descriptor: descriptor) }
            usleep(10_000)
        }
        throw refusal(directory)
    }

    /// Whether a daemon has the lock now.
    package static func isTaken(_ directory: PinDirectory) -> Bool {
        guard let descriptor = try? directory.openBase() else { return false }
        return !descriptor.lockExclusively()
    }

    private static func refusal(_ directory: PinDirectory) -> KernelError {
        KernelError(
            .busy, "cannot measure under \(directory.base)",
            cause: "another weir daemon\(holder(directory)) already uses it",
            remedy: "stop that one first, or use another directory (--bpffs)")
    }

    private static func holder(_ directory: PinDirectory) -> String {
        guard directory.hasMaps, let tables = try? FlowTables.open(in: directory, rights: .read) else { return "" }
        return tables.control.meterPID.map { " (pid \($0))" } ?? ""
    }
}
