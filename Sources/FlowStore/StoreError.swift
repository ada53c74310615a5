// SPDX-License-Identifier: Apache-2.0

package import DurableFiles
package import SystemPackage

/// Something of the store that could not be written or read: what, on which path, why, and what to do, in one sentence.
package struct StoreError: Error, Equatable, CustomStringConvertible {
    package enum Action: String, Sendable {
        case use = "use the store"
        case write = "write to the store"
        case read = "read the store"
        case remove = "remove old records of the store"
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
        let text = reason.description
        return "cannot \(action.rawValue) \(path): \(text.prefix(1).lowercased() + text.dropFirst()); \(remedy)"
    }

    private var remedy: String {
        switch reason {
        case .noSpace, .diskQuotaExceeded: "free some space there, or lower the size of the store (store-size)"
        case .permissionDenied, .notPermitted: "let this user in there, or name another store"
        case .readOnlyFileSystem: "mount the file system writable, or name another store"
        case .noSuchFileOrDirectory: "name a store that is there (--store), or configure one (store)"
        case .notDirectory where action == .read: "name the folder of a store (--store)"
        case .notDirectory, .fileExists: "move the file away that stands where a folder must be"
        case .tooManySymbolicLinkLevels: "remove the link; Weir follows none below its store"
        default: "see whether the file system is in order"
        }
    }

    /// What it is whichever file it is about: a log says each kind once for as long as it lasts.
    package var kind: String { "\(action.rawValue) \(reason.rawValue)" }

    /// Runs system calls that throw errno, and says what they were for where they fail.
    static func wrap<Result>(
        _ action: Action, _ path: FilePath, _ body: () throws -> Result
    ) throws(StoreError) -> Result {
        do { return try body() } catch let untrusted as UntrustedPath {
            var error = StoreError(action, path, .permissionDenied)
            error.untrusted = untrusted
            throw error
        } catch {
            throw StoreError(action, path, error as? Errno ?? .ioError)
        }
    }
}
