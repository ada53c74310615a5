// SPDX-License-Identifier: Apache-2.0

package import DurableFiles
package import SystemPackage

/// Something that could not be written: what, on which path, why, and what to do, in one sentence.
package struct ExportError: Error, Equatable, CustomStringConvertible {
    package enum Action: String, Sendable {
        case createFolder = "create the folder"
        case useFolder = "write log files to"
        case createFile = "create the log file"
        case write = "write to the log file"
        case publish = "publish the log file"
        case commit = "note what is to be published in"
        case readCommit = "read what was to be published from"
        case readCursor = "read how far the sink has got from"
        case writeCursor = "note how far the sink has got in"
        case putAside = "put a window aside in"
        case writeNumbers = "note the numbers of machines in"
        case print = "print to"
    }

    package let action: Action
    package let path: FilePath
    package let reason: Errno
    /// What another user can change on the way there.
    package var untrusted: UntrustedPath?

    package init(_ action: Action, _ path: FilePath, _ reason: Errno) {
        self.action = action
        self.path = path
        self.reason = reason
    }

    package var description: String {
        if let untrusted { return "cannot \(action.rawValue) \(path): \(untrusted)" }
        return "cannot \(action.rawValue) \(path): \(cause); \(remedy)"
    }

    private var cause: String {
        if reason == .tooManySymbolicLinkLevels { return "a symbolic link stands where a folder of Weir's must be" }
        let text = reason.description
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    private var remedy: String {
        switch (action, reason) {
        case (.commit, .noSpace), (.commit, .diskQuotaExceeded):
            return "free some space there, or choose another state directory (--state-dir)"
        case (.readCursor, .illegalByteSequence):
            return "the file is damaged: remove it, and the sink begins with the next window"
        default: break
        }
        return switch reason {
        case .noSpace, .diskQuotaExceeded: "free some space there, or choose another log directory"
        case .permissionDenied, .notPermitted: "let Weir's user write there, or choose another log directory"
        case .readOnlyFileSystem: "mount the file system writable, or choose another log directory"
        case .noSuchFileOrDirectory: "another process removed a folder in use; the next try makes it again"
        case .notDirectory, .fileExists: "move the file away that stands where a folder must be"
        case .tooManySymbolicLinkLevels: "remove the link; Weir follows none below its log directory"
        case .fileTooLarge: "raise the limit on the size of files (ulimit -f), or lower the size limit of log files"
        case .noMemory: "free some memory"
        default: "see whether the file system is in order"
        }
    }
}

extension ExportError.Action {
    /// Whether it is done in the state directory, and not in the log directory.
    package var isOnStateDirectory: Bool {
        switch self {
        case .commit, .readCommit, .readCursor, .writeCursor, .putAside, .writeNumbers: true
        case .createFolder, .useFolder, .createFile, .write, .publish, .print: false
        }
    }
}

extension ExportError {
    /// What it is whichever file it is about: a log says each kind once for as long as it lasts.
    package var kind: String { "\(action.rawValue) \(reason.rawValue)" }

    /// Runs system calls that throw errno, and says what they were for where they fail.
    static func wrap<Result>(
        _ action: Action, _ path: FilePath, _ body: () throws -> Result
    ) throws(ExportError) -> Result {
        do { return try body() } catch let untrusted as UntrustedPath {
            var error = ExportError(action, path, .permissionDenied)
            error.untrusted = untrusted
            throw error
        } catch {
            throw ExportError(action, path, error as? Errno ?? .ioError)
        }
    }
}
