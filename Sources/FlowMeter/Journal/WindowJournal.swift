// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Where a part of a window is made durable before the source forgets it.
package protocol WindowJournal: AnyObject {
    /// Of the window that is not complete yet.
    var openBytes: Int64 { get }

    /// Segments that were removed from outside while their window was open.
    var removedSegments: Int { get }

    /// Writes a part behind the others of its window; it is durable when this returns. Throws `JournalError` where it cannot be
    /// written: then it can be tried again.
    ///
    /// - Parameter drain: puts a piece of the part's flows in the place of what the table holds.
    /// - Returns: the segment, where the window ended with it.
    func append(
        _ part: inout WindowPart, installation: UInt64, ports: [PortNumber: Port],
        draining drain: (FlowPiece, inout FlowTable) throws -> Void
    ) throws -> Segment?
}

extension Journal: WindowJournal {}
