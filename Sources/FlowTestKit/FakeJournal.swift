// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel
package import SystemPackage

/// A journal in memory that refuses to be written as long as it is told to.
package final class FakeJournal: WindowJournal {
    /// What each write fails with; nil: it does not.
    package var failure: Errno?
    /// Parts that were written, by the number of their window.
    package private(set) var parts: [UInt32] = []
    /// Writes that failed.
    package private(set) var refusals = 0
    package var openBytes: Int64 { 0 }
    package var removedSegments: Int { 0 }

    private let folder = FilePath("/nowhere")
    private var sequence: UInt64 = 0

    package init() {}

    package func append(
        _ part: inout WindowPart, installation: UInt64, ports: [PortNumber: Port],
        draining drain: (FlowPiece, inout FlowTable) throws -> Void
    ) throws -> Segment? {
        if let failure {
            refusals += 1
            throw JournalError(.write, folder, failure)
        }
        parts.append(part.window.number)
        guard part.isLast else { return nil }
        sequence += 1
        return Segment(in: folder, sequence: sequence, nonce: 0)
    }
}
