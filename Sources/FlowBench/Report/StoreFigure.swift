// SPDX-License-Identifier: Apache-2.0

/// What an hour in the store costs: CPU time in nanoseconds a record, bytes a record, and seconds for what operators ask.
package struct StoreFigure: Codable, Sendable {
    package let records: Int
    /// From records to a segment on disk, sorted by port.
    package let written: Figure
    package let bytesASegmentRecord: Double
    /// From the hour's segments to one file.
    package let merged: Double
    package let bytesAMergedRecord: Double
    /// From the store to AWS text, gzip'ed, in memory.
    package let exported: Double
    package let questions: [Question]

    /// CPU seconds, with the files in the page cache.
    package struct Question: Codable, Sendable {
        package let words: String
        package let seconds: Double
        /// Records, or groups, that answer it.
        package let answers: Int
        /// Resident memory of the process afterwards, at most.
        package let residentBytes: Int

        package init(words: String, seconds: Double, answers: Int, residentBytes: Int) {
            self.words = words
            self.seconds = seconds
            self.answers = answers
            self.residentBytes = residentBytes
        }

        private enum CodingKeys: String, CodingKey {
            case words, seconds, answers
            case residentBytes = "resident_bytes"
        }
    }

    package init(
        records: Int, written: Figure, bytesASegmentRecord: Double, merged: Double, bytesAMergedRecord: Double,
        exported: Double, questions: [Question]
    ) {
        self.records = records
        self.written = written
        self.bytesASegmentRecord = bytesASegmentRecord
        self.merged = merged
        self.bytesAMergedRecord = bytesAMergedRecord
        self.exported = exported
        self.questions = questions
    }

    private enum CodingKeys: String, CodingKey {
        case records, written, merged, exported, questions
        case bytesASegmentRecord = "bytes_a_segment_record"
        case bytesAMergedRecord = "bytes_a_merged_record"
    }
}
