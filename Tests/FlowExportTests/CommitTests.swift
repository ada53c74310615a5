// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowExport
import FlowTestKit
import Foundation
import SystemPackage
import Testing

/// What was decided to be published is, whenever the process that decided ended.
@Suite(.enabled(if: KernelAccess.isExpected)) struct CommitTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var commitPath: FilePath { FilePath(directory.state.path).appending("commit") }

    /// Three files in two folders, of windows up to number 12.
    private func decide() throws -> Commit {
        let staging = directory.url.appending(path: ".weir-test")
        try FileManager.default.createDirectory(at: staging, withIntermediateDirectories: true)
        var commit = Commit()
        for (index, folder) in ["a", "a", "b"].enumerated() {
            let temporary = staging.appending(path: "file\(index)")
            try Data("content \(index)".utf8).write(to: temporary)
            let final = directory.path.appending("AWSLogs").appending(folder).appending("file\(index)")
            commit.renames.append(Commit.Rename(temporary: FilePath(temporary.path), final: final))
        }
        commit.through = 12
        try HeldFolder.replace(commitPath, with: commit.bytes)
        return commit
    }

    private func expectPublished(_ commit: Commit) throws {
        let sink = try LogFileSink(configuration: configuration(directory), cursor: 9)
        #expect(directory.published() == ["AWSLogs/a/file0", "AWSLogs/a/file1", "AWSLogs/b/file2"])
        for (index, rename) in commit.renames.enumerated() {
            #expect(try String(contentsOfFile: rename.final.string, encoding: .utf8) == "content \(index)")
        }
        #expect(directory.staged().isEmpty && sink.acknowledged == 12 && sink.taken == 12)
        #expect(FileManager.default.fileExists(atPath: commitPath.string) && sink.takeNotices().isEmpty)
        try sink.cursorIsSafe()
        #expect(!FileManager.default.fileExists(atPath: commitPath.string))
        try sink.close()
    }

    @Test(arguments: 0...3)
    func `a process that ended in the middle is finished by the next`(renamed: Int) throws {
        let commit = try decide()
        for rename in commit.renames.prefix(renamed) {
            let folder = try HeldFolder(rename.final.removingLastComponent(), .anyFolder, create: 0o750)
            let staging = try HeldFolder(rename.temporary.removingLastComponent(), .anyFolder)
            try staging.rename(
                try #require(rename.temporary.lastComponent).string, to: folder,
                try #require(rename.final.lastComponent).string)
        }
        try expectPublished(commit)
    }

    @Test func `what was not decided is removed, and what was is kept until it can be done`() throws {
        let commit = try decide()
        let forgotten = directory.url.appending(path: ".weir-test/forgotten")
        try Data().write(to: forgotten)
        let other = directory.url.appending(path: ".weir-other")
        try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
        try Data().write(to: other.appending(path: "kept"))
        try FileManager.default.createDirectory(
            at: directory.url.appending(path: "AWSLogs"), withIntermediateDirectories: true)
        let obstacle = directory.url.appending(path: "AWSLogs/b")
        try Data().write(to: obstacle)
        _ = try LogFileSink(configuration: configuration(directory))
        #expect(directory.staged() == [".weir-test/file2"])
        #expect(directory.files().contains(".weir-other/kept"))
        try FileManager.default.removeItem(at: obstacle)
        try expectPublished(commit)
    }

    @Test func `a commit is read as it was written, whatever the names`() throws {
        let commit = Commit(
            renames: [
                Commit.Rename(temporary: "/a b/\n", final: "/ä/rename"),
                Commit.Rename(temporary: "delete", final: "/x"),
            ], through: 1 << 40)
        #expect(Commit(commit.bytes) == commit)
        #expect(Commit(Commit().bytes) == Commit())
    }

    @Test func `a commit that is damaged anywhere is put aside, and said`() throws {
        let bytes = try decide().bytes
        for place in bytes.indices {
            var flipped = bytes
            flipped[place] ^= 0x10
            #expect(Commit(flipped) == nil && Commit(Array(bytes[..<place])) == nil)
        }
        try Data(bytes.dropLast(9)).write(to: URL(filePath: commitPath.string))
        let sink = try LogFileSink(configuration: configuration(directory))
        #expect(sink.takeNotices().contains { $0.contains("commit is damaged and was put aside as ") })
        #expect(FileManager.default.fileExists(atPath: commitPath.string + ".damaged"))
        #expect(directory.published().isEmpty && sink.acknowledged == 0)
        try sink.close()
    }
}
