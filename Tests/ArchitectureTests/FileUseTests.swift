// SPDX-License-Identifier: Apache-2.0

import Testing

/// Files that nothing uses, and files that belong into their only user.
@Suite struct FileUseTests {
    /// Small files with one user that are left, to be moved into it.
    private static let knownSmall: Set = [
        "Sources/FlowKernel/Policy/Judging.swift",
        "Sources/FlowTestKit/Switch/LibxdpFolder.swift",
        "Sources/FlowVerdict/OpenVSwitch/Megaflow.swift",
    ]

    private static let fewestLines = 25

    /// What can be judged: neither an entry point nor an extension of a type of others.
    private static func judged() throws -> [SwiftFile] {
        try SwiftFile.sources.get().filter {
            !$0.declared.isEmpty && !$0.isEntry && $0.extended.isSubset(of: $0.declared)
        }
    }

    /// Commands and measurements have a file each, however short.
    private static func isOneOfMany(_ file: SwiftFile) -> Bool {
        file.declared.allSatisfy { $0.hasSuffix("Command") || $0.hasSuffix("Measurement") }
    }

    @Test func `some other file names what a file declares`() throws {
        let all = try SwiftFile.sources.get() + SwiftFile.tests.get()
        let unused = try Self.judged().filter { file in !all.contains { $0.mentions(file) } }
        #expect(unused.map(\.path) == [])
    }

    @Test func `files below 25 lines with one user are those that are listed`() throws {
        let all = try SwiftFile.sources.get()
        let small = try Self.judged().filter { file in
            guard file.lineCount < Self.fewestLines, !Self.isOneOfMany(file) else { return false }
            let users = all.filter { $0.mentions(file) }
            return users.count == 1 && users[0].room == file.room
        }
        let found = Set(small.map(\.path))
        #expect(found.subtracting(Self.knownSmall) == [], "each belongs into the only file that uses it")
        #expect(Self.knownSmall.subtracting(found) == [], "not small, or with several users: remove them from the list")
    }
}
