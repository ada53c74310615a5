// SPDX-License-Identifier: Apache-2.0

/// What it takes to judge all records of a window by the megaflows of a switch: CPU time of one thread.
package struct JudgementFigure: Codable, Sendable {
    package let records: Int
    package let megaflows: Int
    /// For one look at as many, from the switch's text on.
    package let readMilliseconds: Figure
    /// For all records of the window.
    package let judgeMilliseconds: Figure

    package init(records: Int, megaflows: Int, readMilliseconds: Figure, judgeMilliseconds: Figure) {
        self.records = records
        self.megaflows = megaflows
        self.readMilliseconds = readMilliseconds
        self.judgeMilliseconds = judgeMilliseconds
    }

    enum CodingKeys: String, CodingKey {
        case records, megaflows
        case readMilliseconds = "read_milliseconds"
        case judgeMilliseconds = "judge_milliseconds"
    }
}
