// SPDX-License-Identifier: Apache-2.0

import Testing

/// A file beyond this has two subjects.
@Suite struct FileSizeTests {
    private static let mostLines = 400

    /// Known, and to be taken apart.
    private static let known: Set = ["bpf/include/weir_abi.h", "bpf/lib/table_line.bpf.h"]

    @Test func `no source file is longer than 400 lines, but for those that are listed`() throws {
        var files: [SourceTree.File] = []
        for folder in ["Sources", "Tests", "Plugins"] {
            files += try SourceTree.files(below: folder, ending: ".swift")
        }
        for ending in [".c", ".h"] {
            files += try SourceTree.files(below: "bpf", ending: ending)
            files += try SourceTree.files(below: "loaders", ending: ending)
        }
        #expect(Set(files.filter { $0.lines.count > Self.mostLines }.map(\.path)) == Self.known)
    }
}
