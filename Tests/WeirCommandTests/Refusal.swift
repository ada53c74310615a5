// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

/// A command that must be refused with exactly that sentence.
struct Refusal: Sendable {
    var arguments: [String]
    let status: Int32
    let sentence: String

    init(_ arguments: String, status: Int32 = 1, _ sentence: String) {
        self.arguments = arguments.split(separator: " ").map(String.init)
        self.status = status
        self.sentence = sentence
    }
}

extension Site {
    /// Runs the command, which must say the sentence, nothing else, and change nothing.
    ///
    /// `BPFFS` and `FOLDER` in arguments and sentence stand for the site's.
    func expect(
        _ refusal: Refusal, behind wrapper: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try traces()
        let result = try outcome(refusal.arguments.map(filled), behind: wrapper)
        let comment: Comment = "\(refusal.arguments)"
        #expect(result.errors == "weir: \(filled(refusal.sentence))\n", comment, sourceLocation: sourceLocation)
        #expect(result.status == refusal.status, comment, sourceLocation: sourceLocation)
        #expect(result.output == "", comment, sourceLocation: sourceLocation)
        #expect(try traces() == before, comment, sourceLocation: sourceLocation)
    }

    private func filled(_ text: String) -> String {
        text.replacingOccurrences(of: "BPFFS", with: bpffs).replacingOccurrences(of: "FOLDER", with: folder)
    }
}
