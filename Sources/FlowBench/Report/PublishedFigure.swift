// SPDX-License-Identifier: Apache-2.0

/// From slots at rest to AWS text in gzip'ed files on disk: CPU time in nanoseconds a record, each figure with those
/// before it.
package struct PublishedFigure: Codable, Sendable {
    package let subject: String
    package let flows: Int
    /// Drained and merged.
    package let merged: Figure
    /// Written to the journal, on disk, and forgotten by the kernel.
    package let journaled: Figure
    /// Judged, in the store on disk, and deleted from the journal.
    package let stored: Figure
    /// Of the store, for each record.
    package let bytesARecord: Double

    package init(
        subject: String, flows: Int, merged: Figure, journaled: Figure, stored: Figure, bytesARecord: Double
    ) {
        self.subject = subject
        self.flows = flows
        self.merged = merged
        self.journaled = journaled
        self.stored = stored
        self.bytesARecord = bytesARecord
    }

    private enum CodingKeys: String, CodingKey {
        case subject, flows, merged, journaled, stored
        case bytesARecord = "bytes_a_record"
    }
}
