// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What documents say of the repository, and how they are laid out.
@Suite struct DocumentTests {
    private static func documents() throws -> [SourceTree.File] {
        let top = try ["README.md", "CONTRIBUTING.md"].map { try SourceTree.file($0) }
        return top + (try SourceTree.files(below: "docs", ending: ".md"))
    }

    @Test func `the layout in the README has every room, and no other`() throws {
        let readme = try SourceTree.file("README.md")
        let named = readme.text.matches(of: /`Sources\/([\w-]+)`/).map { String($0.1) }
        #expect(Set(named) == (try SourceTree.rooms()))
    }

    /// A table's row and what lies between fences may be wider.
    @Test func `no line of text in a document is wider than 160 columns`() throws {
        for document in try Self.documents() {
            var isCode = false
            for (number, line) in document.lines.enumerated() {
                if line.hasPrefix("```") { isCode.toggle() }
                guard !isCode, !line.hasPrefix("|"), !line.hasPrefix("    ") else { continue }
                #expect(line.count <= 160, "\(document.path):\(number + 1)")
            }
        }
    }

    @Test func `what a document links to within the repository is there`() throws {
        for document in try Self.documents() {
            let folder = SourceTree.root.appending(path: document.path).deletingLastPathComponent()
            for link in document.text.matches(of: /\]\(([^)#:\s]+)(?:#[^)]*)?\)/) {
                let target = folder.appending(path: String(link.1)).path()
                #expect(FileManager.default.fileExists(atPath: target), "\(document.path): \(link.1)")
            }
        }
    }
}
