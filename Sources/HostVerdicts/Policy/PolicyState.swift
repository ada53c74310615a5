// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowVerdict
import Foundation
import SystemPackage
import WeirConfiguration

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

    private static let fileName = "policy"
    var file: FilePath { folder.appending(Self.fileName) }

    /// What rules are called, by their numbers; empty for a process that must not read the state directory.
    package var ruleNames: [UInt16: String] { ((try? read())?.book.entries ?? [:]).mapValues(\.name) }

    /// What was kept; nothing where nothing was.
    func read() throws(PolicyError) -> Content {
        let bytes: [UInt8]
        do { bytes = try HeldFolder.read(file) } catch Errno.noSuchFileOrDirectory {
            return Content()
        } catch {
            throw PolicyError("cannot read the policy that is kept in \(file): \(error)")
        }
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)) else {
            throw PolicyError("what is kept in \(file) is damaged: load the policy again (weir policy load FILE)")
        }
        return content
    }

    func write(_ content: Content) throws(PolicyError) {
        let bytes = (try? JSONEncoder().encode(content)) ?? Data()
        do {
            try HeldFolder(folder, .anyFolder, create: 0o700).replace(Self.fileName, with: Array(bytes))
        } catch {
            throw PolicyError("cannot keep the policy in \(file): \(error); the one before stays in force")
        }
    }

    /// One change at a time, by a daemon or a command.
    func alone<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws -> Value {
        let lock = try HeldFolder(folder, .anyFolder, create: 0o700).openLock("policy.lock")
        defer { try? lock.close() }
        try lock.waitForLock()
        return try body()
    }
}
