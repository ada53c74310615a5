// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// What came of reading the configuration again.
package struct ReloadReport: ReportSection {
    package var seconds: Int64
    package var isFailed: Bool
    package var problems: [String]

    package init() { self.init(seconds: 0) }

    package init(seconds: Int64, isFailed: Bool = false, problems: [String] = []) {
        self.seconds = seconds
        self.isFailed = isFailed
        self.problems = problems
    }

    package static let facts = [
        Fact<Self>("seconds", \.seconds, "When, in Unix seconds."),
        Fact("failed", \.isFailed, "Whether it could not be read at all, and all stayed as it was."),
        Fact("problems", \.problems, "What is not as the configuration says now, a sentence each."),
    ]

    package var lines: [ReportLine] { [ReportLine("reloaded", text)] }

    package var concerns: [Concern] { problems.map { .warning("at the last reload: \($0)") } }

    private var text: String {
        let head = "the configuration, \(ReportLine.time(seconds))"
        guard !problems.isEmpty else { return head }
        let sentences = problems.joined(separator: "; ")
        return isFailed ? "\(head): not taken, all stays as it was: \(sentences)" : "\(head), but \(sentences)"
    }
}
