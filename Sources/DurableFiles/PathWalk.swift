// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import SystemPackage

/// Goes down a path that an operator has named, one component after the other, each opened in the one before.
///
/// A symbolic link is followed where root or the process's own user made it. `unsafe`: pointers are for the calls only.
struct PathWalk {
    private let path: FilePath
    private let trust: HeldFolder.Trust
    /// With which mode folders are made that are missing.
    private let mode: mode_t?
    private var pending: [FilePath.Component]
    private var links = 0

    /// The kernel's own limit (path_resolution(7)).
    private static let mostLinks = 40

    init(_ path: FilePath, _ trust: HeldFolder.Trust, create mode: mode_t?) {
        self.path = path
        self.trust = trust
        self.mode = mode
        pending = Array(path.components.reversed())
    }

    /// The folder at the end, open for its names; or the file there, open for reading.
    mutating func open(_ end: End = .folder) throws -> FileDescriptor {
        var place = try start(path)
        var walked = path.isAbsolute ? FilePath("/") : FilePath(".")
        do {
            while let component = pending.popLast() {
                let next = try enter(component, in: place, walked)
                let facts = try next.facts()
                if facts.st_mode & S_IFMT == S_IFLNK {
                    let target = try follow(next, facts, walked.appending(component))
                    try? next.close()
                    guard target.isAbsolute else { continue }
                    try? place.close()
                    place = try start(target)
                    walked = "/"
                } else {
                    walked.append(component)
                    if end == .file, pending.isEmpty {
                        try? next.close()
                        let file = try openFile(component, in: place, walked)
                        try? place.close()
                        return file
                    }
                    try? place.close()
                    place = next
                    guard facts.st_mode & S_IFMT == S_IFDIR else { throw Errno.notDirectory }
                    try judge(facts, walked)
                }
            }
            let folder = try FileSystemCalls.open(".", in: place, O_RDONLY | O_DIRECTORY)
            try? place.close()
            return folder
        } catch {
            try? place.close()
            throw error
        }
    }

    enum End { case folder, file }

    private func openFile(
        _ component: FilePath.Component, in place: FileDescriptor, _ walked: FilePath
    ) throws -> FileDescriptor {
        let file = try FileSystemCalls.open(component.string, in: place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        do { try judge(try file.facts(), walked) } catch {
            try? file.close()
            throw error
        }
        return file
    }

    private func start(_ path: FilePath) throws -> FileDescriptor {
        let name = path.isAbsolute ? "/" : "."
        let place = try FileSystemCalls.open(
            name, in: FileDescriptor(rawValue: AT_FDCWD), FileSystemCalls.pathOnly | O_DIRECTORY)
        do { try judge(try place.facts(), FilePath(name)) } catch {
            try? place.close()
            throw error
        }
        return place
    }

    private func enter(
        _ component: FilePath.Component, in place: FileDescriptor, _ walked: FilePath
    ) throws -> FileDescriptor {
        let name = component.string
        do {
            return try FileSystemCalls.open(name, in: place, FileSystemCalls.pathOnly | O_NOFOLLOW)
        } catch Errno.noSuchFileOrDirectory {
            guard let mode else { throw Errno.noSuchFileOrDirectory }
            try FileSystemCalls.makeDurableDirectory(name, in: place, mode: mode)
            return try FileSystemCalls.open(name, in: place, FileSystemCalls.pathOnly | O_NOFOLLOW)
        }
    }

    private mutating func follow(_ link: FileDescriptor, _ facts: stat, _ walked: FilePath) throws -> FilePath {
        guard UntrustedPath.isOurs(facts, trust) else {
            throw UntrustedPath(path: walked, fault: .link(owner: facts.st_uid))
        }
        links += 1
        guard links <= Self.mostLinks else { throw Errno.tooManySymbolicLinkLevels }
        let target = try FileSystemCalls.readLink(link)
        pending += target.components.reversed()
        return target
    }

    /// Folders above may be sticky, as /tmp is: what is ours there stays ours.
    private func judge(_ facts: stat, _ walked: FilePath) throws {
        guard trust != .anyFolder else { return }
        let isLast = pending.isEmpty
        let fault = UntrustedPath.fault(of: facts, allowsSticky: !isLast || trust == .oursOrSticky, trust)
        if let fault { throw UntrustedPath(path: walked, fault: fault) }
    }
}
