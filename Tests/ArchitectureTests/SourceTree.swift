// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files of this repository, as the tests of its rules read them.
enum SourceTree {
    /// The repository's folder.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A file by its path from the root.
    struct File {
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

        /// The folder below `Sources`, `Tests` or wherever it lies.
        var room: String { String(path.split(separator: "/")[1]) }
    }

    /// All files below a folder with this ending, in the order of their paths.
    static func files(below folder: String, ending: String) throws -> [File] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path())
        return try paths.filter { $0.hasSuffix(ending) }.sorted().map { try file("\(folder)/\($0)") }
    }

    static func file(_ path: String) throws -> File {
        File(path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
    }

    /// Folders below `Sources` that hold Swift.
    static func rooms() throws -> Set<String> { Set(try files(below: "Sources", ending: ".swift").map(\.room)) }
}
