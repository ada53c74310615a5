// SPDX-License-Identifier: Apache-2.0

extension ReportText {
    var storeSection: [String] {
        let rows = report.stores.map { figure in
            [
                "\(figure.records)", Self.number(figure.written.median), Self.number(figure.bytesASegmentRecord),
                Self.number(figure.merged), Self.number(figure.bytesAMergedRecord), Self.number(figure.exported),
            ]
        }
        return Self.section(
            "store: ns and bytes a record, an hour of 40 machines",
            header: ["RECORDS", "TO SEGMENT", "BYTES", "MERGE", "BYTES MERGED", "TO AWS TEXT.GZ"], rows: rows)
    }

    var questionSection: [String] {
        let rows = report.stores.flatMap(\.questions).map { question in
            [
                question.words, Self.number(question.seconds), "\(question.answers)",
                Self.number(Double(question.residentBytes) / 1_000_000),
            ]
        }
        return Self.section(
            "store: CPU seconds for what is asked of the hour", header: ["QUESTION", "S", "ANSWERS", "RESIDENT MB"],
            rows: rows)
    }
}
