// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowVerdict
import Foundation
import SystemPackage

/// The policy that was loaded last, in a file of the state directory: for the daemon's next start, for ports that are attached
/// later, and for records that name its rules.
package struct PolicyState: Sendable {
    struct Content: Codable, Equatable {
        /// Of the file that it came from; nil: it was taken away, and the book is what is left.
        var path: String?
        var text = ""
        var book = RuleBook()
        /// Groups of the sets of rules, by their numbers from 1 on.
        var sets: [[String]] = []

        /// nil where there is none.
        func document() throws(ConfigurationError) -> PolicyDocument? {
            guard let path else { return nil }
            return try PolicyDocument(path: path, content: Data(text.utf8))
        }
    }

    let folder: FilePath

    package init(stateDirectory: String) { folder = FilePath(stateDirectory) }

    var file: FilePath { folder.appending("policy") }

    /// What was kept; nothing where nothing was.
    func read() throws(PolicyError) -> Content {
        let bytes: [UInt8]
        do throws(Errno) { bytes = try WholeFile.read(file) } catch {
            if error == .noSuchFileOrDirectory { return Content() }
            throw PolicyError("cannot read the policy that is kept in \(file): \(error)")
        }
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)) else {
            throw PolicyError("what is kept in \(file) is damaged: load the policy again (weir policy load FILE)")
        }
        return content
    }

    func write(_ content: Content) throws(PolicyError) {
        let bytes = (try? JSONEncoder().encode(content)) ?? Data()
        do throws(Errno) {
            try Folder.create(folder, mode: 0o700)
            try WholeFile.replace(file, with: Array(bytes))
            try FileSystemCalls.giveToOwner(of: folder, file)
        } catch {
            throw PolicyError("cannot keep the policy in \(file): \(error); the one before stays in force")
        }
    }

    /// One change at a time, whoever makes it: a daemon or a command.
    func alone<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws -> Value {
        try Folder.create(folder, mode: 0o700)
        let path = folder.appending("policy.lock")
        let lock = try FileDescriptor.open(
            path, .readWrite, options: [.create, .closeOnExec],
            permissions: [.ownerReadWrite])
        defer { try? lock.close() }
        try? FileSystemCalls.giveToOwner(of: folder, path)
        try FileSystemCalls.waitForLock(lock)
        return try body()
    }
}
