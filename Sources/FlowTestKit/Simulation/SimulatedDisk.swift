// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A file system in memory that can fail, and that loses what is not on its disk when the host crashes.
///
/// It keeps what POSIX promises and no more. The content of a file is on the disk after fsync of the file, its name after fsync of its
/// folder; until then a crash leaves any of the file's blocks and any of the names, or none. All that it draws comes from its seed, so
/// that the same calls give the same results. There are no symbolic links, and all belongs to the user of this process.
package final class SimulatedDisk: Sendable {
    let state: Mutex<SimulatedFiles>

    package init(seed: UInt64) { state = Mutex(SimulatedFiles(seed: seed)) }

    /// Starts a process that uses it.
    package func start() -> SimulatedProcess {
        SimulatedProcess(on: self, number: state.withLock { $0.startProcess() })
    }

    /// What goes wrong from now on.
    package var faults: SimulatedFaults {
        get { state.withLock(\.faults) }
        set { state.withLock { $0.faults = newValue } }
    }

    /// The host crashes: all processes end, and what is not on the disk is lost, or not.
    package func crash() { state.withLock { $0.crash() } }

    /// Calls so far that changed something, or could have.
    package var changes: Int { state.withLock(\.changes) }

    /// Of all files.
    package var bytes: Int { state.withLock(\.used) }

    /// A digest of all calls so far and of their results: equal where two runs were.
    package var digest: UInt64 { state.withLock(\.digest) }

    /// How often the host crashed.
    package var crashes: Int { state.withLock(\.crashes) }

    /// All files, by their paths, as processes see them.
    package var files: [String: [UInt8]] { state.withLock { $0.files() } }

    /// Files below one of the root's folders, as processes saw them when the host crashed last.
    package func filesAtCrash(below folder: String) -> [String: [UInt8]] {
        state.withLock(\.filesAtCrash).filter { $0.key.hasPrefix("/\(folder)/") }
    }

    /// Files below one of the root's folders.
    package func files(below folder: String) -> [String: [UInt8]] {
        state.withLock { $0.files(below: folder) }
    }
}
