// SPDX-License-Identifier: Apache-2.0

/// What goes wrong on a simulated file system, and how often: odds of one call each, from 0 to 1.
package struct SimulatedFaults: Sendable {
    /// Bytes that all files may have together.
    package var room = Int.max
    /// A write that fails with EIO.
    package var failedWrites = 0.0
    /// A write that takes some of its bytes.
    package var shortWrites = 0.0
    /// An fsync that fails with EIO. As on Linux, the next one succeeds, and what this one should have written is lost when the host
    /// crashes.
    package var failedSyncs = 0.0
    /// A read that fails with EIO.
    package var failedReads = 0.0
    /// A new name, new folder, or new file that fails with EIO.
    package var failedNames = 0.0

    package init() {}

    package static let none = SimulatedFaults()
}
