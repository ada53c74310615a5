// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import Glibc
import Host
import SystemPackage

/// The place in the file system where a socket is to be: in a folder that other users cannot change, or that is sticky.
struct SocketFile {
    private let path: FilePath

    init(_ path: String) { self.path = FilePath(path) }

    /// Makes the folder, and removes the socket of a daemon that is dead; nothing else.
    func makeWay() throws {
        let folder = try folder(create: 0o755)
        guard let facts = try? folder.facts(of: name) else { return }
        guard facts.st_mode & S_IFMT == S_IFSOCK else { throw Obstacle.notSocket }
        guard case .noServer = HTTPClient.get("/", at: path.string) else { throw Obstacle.otherDaemon }
        try folder.remove(name)
    }

    /// Removes the socket, where one is there.
    func remove() {
        guard let folder = try? folder(create: nil), let facts = try? folder.facts(of: name),
            facts.st_mode & S_IFMT == S_IFSOCK
        else { return }
        try? folder.remove(name)
    }

    private func folder(create mode: mode_t?) throws -> HeldFolder {
        do {
            return try HeldFolder(path.removingLastComponent(), .oursOrSticky, create: mode)
        } catch Errno.notDirectory {
            throw Obstacle.notFolder
        }
    }

    private var name: String { path.lastComponent?.string ?? "" }

    private enum Obstacle: String, Error {
        case notFolder = "what should be its folder is something else"
        case notSocket = "something that is not a socket is there"
        case otherDaemon = "another daemon answers there"
    }

    /// Why it cannot be had, as a part of a sentence.
    static func reason(_ error: any Error) -> String {
        if let error = error as? UntrustedPath { return error.description }
        if let error = error as? Errno {
            return error.description.prefix(1).lowercased() + error.description.dropFirst()
        }
        return (error as? Obstacle)?.rawValue ?? (error as? KernelError)?.cause ?? systemReason(error)
    }
}
