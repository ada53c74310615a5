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
    /// Judged, formatted, compressed and written to a file.
    package let written: Figure
    /// On disk under its name, and deleted from the journal.
    package let published: Figure
    /// Of the files, for each record.
    package let bytesARecord: Double

    package init(
        subject: String, flows: Int, merged: Figure, journaled: Figure, written: Figure, published: Figure,
        bytesARecord: Double
    ) {
        self.subject = subject
        self.flows = flows
        self.merged = merged
        self.journaled = journaled
        self.written = written
        self.published = published
        self.bytesARecord = bytesARecord
    }

    private enum CodingKeys: String, CodingKey {
        case subject, flows, merged, journaled, written, published
        case bytesARecord = "bytes_a_record"
    }
}
