// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowExport
import FlowModel
import FlowTestKit
import Foundation
import SystemPackage
import Testing

/// A user who owns the log directory puts links, folders and files where Weir keeps or makes its own.
///
/// Beside it lies a folder of root's with files that a name of Weir's may hit; nothing of it may change.
@Suite(.enabled(if: KernelAccess.isExpected)) struct ForeignLogFolderTests {
    let directory: TemporaryDirectory
    let treasure: URL
    let period = window(examplePeriod + 240)

    init() throws {
        directory = try TemporaryDirectory()
        treasure = directory.state.appending(path: "treasure")
        try FileManager.default.createDirectory(at: treasure, withIntermediateDirectories: true)
        for name in ["file0", "probe-1", "passwd", "2018"] {
            try Data("of root\n".utf8).write(to: treasure.appending(path: name))
        }
        try Command.run("chown", "65534", directory.url.path)
    }

    /// What the user does in the log directory, as that user.
    @discardableResult
    private func foreigner(_ script: String) throws -> String {
        try Command.run(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-ec",
            "cd '\(directory.url.path)'; T='\(treasure.path)'; \(script)")
    }

    private func expectTreasure(_ comment: Comment? = nil) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: treasure.path).sorted()
        #expect(names == ["2018", "file0", "passwd", "probe-1"], comment)
        for name in names {
            let text = try? String(contentsOf: treasure.appending(path: name), encoding: .utf8)
            #expect(text == "of root\n", comment)
        }
    }

    private func publishedText() throws -> String {
        try directory.published().reduce("") { try $0 + directory.text(of: $1) }
    }

    @Test(arguments: [
        ("ln -s $T .weir-test", "a symbolic link"),
        ("mkdir .weir-test; ln -s $T/passwd .weir-test/probe", "a folder that other users can change"),
        ("mkdir -m 777 .weir-test", "a folder that other users can change"),
    ])
    func `what stands in the place of the folder that files grow in is put aside`(script: String, what: String) throws {
        try foreigner(script)
        let sink = try LogFileSink(configuration: configuration(directory))
        let notices = sink.takeNotices()
        #expect(notices.count == 2)
        let aside = try #require(notices.last?.firstMatch(of: /is now (\S+);/)).1
        #expect(notices.last?.hasPrefix("\(directory.path)/.weir-test was \(what) and is now ") == true)
        #expect(aside.contains("/.weir-test.foreign-"))
        #expect(
            notices.first == """
                other users can delete and forge the flow logs in \(directory.path): \(directory.path) belongs to user 65534, who \
                can change what is there; give it to root (chown root \(directory.path))
                """)
        let entries = records(3, in: period)
        try sink.write(entries, of: period)
        #expect(try publishedText() == text(of: entries))
        try sink.close()
        try expectTreasure()
    }

    @Test func `while files grow, their folder may be moved, and another one or a link put in its place`() throws {
        for script in ["ln -s $T .weir-test", "mkdir .weir-test; ln -s $T/passwd .weir-test/x"] {
            let sink = try LogFileSink(configuration: configuration(directory))
            let before = sink.taken
            let first = records(3, in: window(examplePeriod))
            try sink.write(first, of: window(examplePeriod))
            try foreigner("mv .weir-test moved; \(script)")
            let second = records(4, in: period)
            // What stood in the folder that was moved is to be handed over again.
            try sink.tend(now: period.start)
            #expect(sink.taken == before, "\(script)")
            try sink.write(first, of: window(examplePeriod))
            try sink.write(second, of: period)
            #expect(sink.takeNotices().count { !$0.hasPrefix("other users") } == 1, "\(script)")
            #expect(try publishedText() == text(of: first + second), "\(script)")
            try sink.close()
            try expectTreasure("\(script)")
            try Command.run("sh", "-c", "cd '\(directory.url.path)'; rm -rf moved AWSLogs .weir-test*")
        }
    }

    @Test(arguments: [
        "ln -s $T AWSLogs", "mkdir AWSLogs; ln -s $T AWSLogs/123456789012",
        "mkdir -p AWSLogs/123456789012/vpcflowlogs; ln -s $T AWSLogs/123456789012/vpcflowlogs/us-east-1",
    ])
    func `a link in the way of a log file is refused and said, and the file waits for it to go`(script: String) throws {
        let sink = try LogFileSink(configuration: configuration(directory))
        try foreigner(script)
        let link = try foreigner("find AWSLogs -type l").split(separator: "\n")[0]
        let entries = records(3, in: period)
        try sink.write(entries, of: period)
        let error = #expect(throws: ExportError.self) { try sink.tend(now: period.end) }
        let sentence = try #require(error).description
        #expect(
            sentence.hasPrefix("cannot create the folder \(directory.path)/AWSLogs/123456789012/vpcflowlogs/us-east-1/")
        )
        #expect(
            sentence.hasSuffix(
                """
                : a symbolic link stands where a folder of Weir's must be; remove the link; Weir follows none below its log \
                directory
                """))
        try expectTreasure()
        try FileManager.default.removeItem(at: directory.url.appending(path: String(link)))
        try sink.tend(now: period.end)
        #expect(try publishedText() == text(of: entries))
        try sink.close()
    }

    @Test func `a link in the place of the folder when a commit is carried out by the next process`() throws {
        let staging = directory.url.appending(path: ".weir-test")
        let final = directory.path.appending("AWSLogs/a/file0")
        let commit = Commit(renames: [Commit.Rename(temporary: FilePath(staging.path).appending("file0"), final: final)]
        )
        try HeldFolder.replace(directory.statePath.appending("commit"), with: commit.bytes)
        try foreigner("ln -s $T .weir-test")
        let sink = try LogFileSink(configuration: configuration(directory))
        #expect(sink.takeNotices().count { !$0.hasPrefix("other users") } == 1 && directory.published().isEmpty)
        try sink.close()
        try expectTreasure()
    }

    @Test func `a commit that leads out of the log directory is not carried out`() throws {
        let staging = directory.path.appending(".weir-test")
        let out = FilePath(treasure.path).appending("passwd")
        for final in [out, directory.path.appending("AWSLogs/../../x")] {
            let commit = Commit(renames: [Commit.Rename(temporary: staging.appending("file0"), final: final)])
            try HeldFolder.replace(directory.statePath.appending("commit"), with: commit.bytes)
            let sink = try LogFileSink(configuration: configuration(directory))
            #expect(throws: ExportError.self, "\(final)") { try sink.tend(now: period.end) }
            try FileManager.default.removeItem(atPath: directory.statePath.appending("commit").string)
        }
        try expectTreasure()
    }

    @Test func `the log directory itself may be a link of root's, and not one of another user`() throws {
        let inner = directory.url.appending(path: "inner")
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        let link = directory.state.appending(path: "link")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: inner)
        let sink = try LogFileSink(configuration: configuration(directory) { $0.directory = FilePath(link.path) })
        let entries = records(3, in: period)
        try sink.write(entries, of: period)
        try sink.close()
        #expect(directory.files().filter { $0.hasPrefix("inner/AWSLogs/") }.count == 1)

        try foreigner("ln -s $T logs")
        let error = #expect(throws: ExportError.self) {
            _ = try LogFileSink(configuration: configuration(directory) { $0.directory.append("logs") })
        }
        #expect(
            error?.description == """
                cannot write log files to \(directory.path)/logs: \(directory.path)/logs is a symbolic link of user 65534, and \
                Weir follows those of root and its own user alone; remove it
                """)
        try expectTreasure()
    }
}
