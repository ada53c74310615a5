// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel

/// A program of an object file that the operator named. Nobody knows where it counts, so nothing is checked.
final class ForeignSubject: Subject {
    let name: String
    let types: [BPFProgramType]
    private let program: BPFProgram

    /// Reads `FILE:SECTION`; a section may have colons, a file must not.
    init(_ text: String) throws {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex, text.last != ":" else {
            throw UsageError(description: "--program takes FILE:SECTION, not \(text)")
        }
        let file = String(text[..<colon])
        let object = try BPFObject(file: file)
        let section = String(text[text.index(after: colon)...])
        try object.keepOnly(section: section)
        try object.load()
        let program = try object.program(inSection: section)
        guard program.type != .other else {
            throw BenchFailure(
                description: "cannot measure \(text): it is neither a TC nor an XDP program; name another section")
        }
        name = "\(file.split(separator: "/").last ?? "")\(text[colon...])"
        types = [program.type]
        self.program = program
    }

    func withProgram(_ type: BPFProgramType, _ body: (borrowing BPFProgram) throws -> Void) throws {
        try body(program)
    }
}
