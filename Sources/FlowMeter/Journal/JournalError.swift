// SPDX-License-Identifier: Apache-2.0

package import DurableFiles
package import SystemPackage

/// Something about the journal that failed: what, where, why, and what to do, in one sentence.
package struct JournalError: Error, Equatable, CustomStringConvertible {
    package enum Action: String, Sendable {
        case open = "keep a journal in"
        case write = "write to the journal"
        case read = "read from the journal"
        case giveUp = "shorten the journal"
    }

    package let action: Action
    package let path: FilePath
    package let reason: Errno
    /// What another user can change on the way there.
    package let untrusted: UntrustedPath?

    package init(_ action: Action, _ path: FilePath, _ reason: any Error) {
        self.action = action
        self.path = path
        untrusted = reason as? UntrustedPath
        self.reason = reason as? Errno ?? (untrusted == nil ? .ioError : .permissionDenied)
    }

    package var description: String {
        if let untrusted { return "cannot \(action.rawValue) \(path): \(untrusted), or \(choice)" }
        if reason == .wouldBlock {
            return "cannot \(action.rawValue) \(path): another weir daemon uses it; stop that one, or \(choice)"
        }
        let text = reason.description
        return "cannot \(action.rawValue) \(path): \(text.prefix(1).lowercased() + text.dropFirst()); \(remedy)"
    }

    private var remedy: String {
        switch reason {
        case .noSpace, .diskQuotaExceeded: "free some space there, or \(choice)"
        case .permissionDenied, .notPermitted, .readOnlyFileSystem: "let Weir's user write there, or \(choice)"
        case .notDirectory, .fileExists: "move the file away that stands where a folder must be, or use --state-dir"
        default: "see whether the file system is in order, or \(choice)"
        }
    }

    private var choice: String { "choose another directory (--state-dir)" }
}

extension JournalError {
    /// What it is whichever file it is about: a log says each kind once for as long as it lasts.
    package var kind: String { "\(action.rawValue) \(reason.rawValue)" }

    /// Runs what throws errno, and says what it was for.
    static func wrap<Result>(
        _ action: Action, _ path: FilePath, _ body: () throws -> Result
    ) throws(JournalError) -> Result {
        do { return try body() } catch { throw JournalError(action, path, error) }
    }
}
