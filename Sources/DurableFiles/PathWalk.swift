// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import SystemPackage

/// Goes down a path that an operator has named, one component after the other, each opened in the one before.
///
/// A symbolic link is followed where root or the process's own user made it.
struct PathWalk {
    private let path: FilePath
    private let trust: HeldFolder.Trust
    /// With which mode folders are made that are missing.
    private let mode: mode_t?
    private let fileSystem: any FileSystem
    private var pending: [FilePath.Component]
    private var links = 0

    /// The kernel's own limit (path_resolution(7)).
    private static let mostLinks = 40
    /// Of <asm-generic/fcntl.h>; the C library shows it to GNU sources alone.
    private static let pathOnly: CInt = 0o10_000_000

    init(_ path: FilePath, _ trust: HeldFolder.Trust, create mode: mode_t?, on fileSystem: any FileSystem) {
        self.path = path
        self.trust = trust
        self.mode = mode
        self.fileSystem = fileSystem
        pending = Array(path.components.reversed())
    }

    /// The folder at the end, open for its names; or the file there, open for reading.
    mutating func open(_ end: End = .folder) throws -> FileDescriptor {
        var place = try start(path)
        var walked = path.isAbsolute ? FilePath("/") : FilePath(".")
        do {
            while let component = pending.popLast() {
                let next = try enter(component, in: place, walked)
                let facts = try fileSystem.facts(next)
                if facts.st_mode & S_IFMT == S_IFLNK {
                    let target = try follow(next, facts, walked.appending(component))
                    try? fileSystem.close(next)
                    guard target.isAbsolute else { continue }
                    try? fileSystem.close(place)
                    place = try start(target)
                    walked = "/"
                } else {
                    walked.append(component)
                    if end == .file, pending.isEmpty {
                        try? fileSystem.close(next)
                        let file = try openFile(component, in: place, walked)
                        try? fileSystem.close(place)
                        return file
                    }
                    try? fileSystem.close(place)
                    place = next
                    guard facts.st_mode & S_IFMT == S_IFDIR else { throw Errno.notDirectory }
                    try judge(facts, walked)
                }
            }
            let folder = try fileSystem.open(".", in: place, O_RDONLY | O_DIRECTORY, mode: 0)
            try? fileSystem.close(place)
            return folder
        } catch {
            try? fileSystem.close(place)
            throw error
        }
    }

    enum End { case folder, file }

    private func openFile(
        _ component: FilePath.Component, in place: FileDescriptor, _ walked: FilePath
    ) throws -> FileDescriptor {
        let file = try fileSystem.open(component.string, in: place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, mode: 0)
        do { try judge(try fileSystem.facts(file), walked) } catch {
            try? fileSystem.close(file)
            throw error
        }
        return file
    }

    private func start(_ path: FilePath) throws -> FileDescriptor {
        let name = path.isAbsolute ? "/" : "."
        let place = try fileSystem.open(
            name, in: FileDescriptor(rawValue: AT_FDCWD), Self.pathOnly | O_DIRECTORY, mode: 0)
        do { try judge(try fileSystem.facts(place), FilePath(name)) } catch {
            try? fileSystem.close(place)
            throw error
        }
        return place
    }

    private func enter(
        _ component: FilePath.Component, in place: FileDescriptor, _ walked: FilePath
    ) throws -> FileDescriptor {
        let name = component.string
        do {
            let next = try fileSystem.open(name, in: place, Self.pathOnly | O_NOFOLLOW, mode: 0)
            if mode != nil { try fileSystem.confirmFolder(name, in: place) }
            return next
        } catch Errno.noSuchFileOrDirectory {
            guard let mode else { throw Errno.noSuchFileOrDirectory }
            try fileSystem.makeDurableFolder(name, in: place, mode: mode)
            return try fileSystem.open(name, in: place, Self.pathOnly | O_NOFOLLOW, mode: 0)
        }
    }

    private mutating func follow(_ link: FileDescriptor, _ facts: stat, _ walked: FilePath) throws -> FilePath {
        guard UntrustedPath.isOurs(facts, trust) else {
            throw UntrustedPath(path: walked, fault: .link(owner: facts.st_uid))
        }
        links += 1
        guard links <= Self.mostLinks else { throw Errno.tooManySymbolicLinkLevels }
        let target = try fileSystem.readLink(link)
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
