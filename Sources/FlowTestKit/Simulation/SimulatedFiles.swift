// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// What a simulated file system holds: nodes by their numbers, open descriptors, and the changes that the disk does not have yet.
struct SimulatedFiles: Sendable {
    struct Open: Sendable {
        let process: Int
        let node: Int
        let appends: Bool
        var offset = 0
    }

    var faults = SimulatedFaults()
    var random: SplitMix64
    var nodes = [SimulatedNode(isFolder: true, mode: 0o755)]
    var open: [Int32: Open] = [:]
    var locks: [Int: Int32] = [:]
    /// No number of a real descriptor.
    var nextDescriptor: Int32 = 1 << 24
    /// Not on the disk yet, in their order.
    var changesOfNames: [NameChange] = []
    /// Of all files that have a name.
    var used = 0
    var changes = 0
    var crashes = 0
    /// All files as processes saw them when the host crashed last.
    var filesAtCrash: [String: [UInt8]] = [:]
    var digest: UInt64 = 0

    /// Those that live, by their numbers, and when each is to die.
    var processes: [Int: Process] = [:]
    var lastProcess = 0
    /// The process that the present call is of.
    var caller = 0

    struct Process: Sendable {
        var death: SimulatedProcess.Death?
        /// Changes that it makes before.
        var changesLeft = 0
    }

    static let root = 0
    private static let user = geteuid()

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        nodes[Self.root].links = 1
    }

    func facts(_ number: Int) -> stat {
        var facts = stat()
        facts.st_dev = 1
        facts.st_ino = UInt(number + 1)
        facts.st_mode = nodes[number].mode | (nodes[number].isFolder ? S_IFDIR : S_IFREG)
        facts.st_nlink = UInt(nodes[number].links)
        facts.st_size = nodes[number].bytes.count
        facts.st_uid = Self.user
        return facts
    }
}

extension SimulatedFiles {
    /// The number of a node that is open.
    func opened(_ descriptor: FileDescriptor) throws(Errno) -> Int {
        guard let open = open[descriptor.rawValue], open.process == caller else { throw .badFileDescriptor }
        return open.node
    }

    /// The number of the node that has that name.
    func found(_ name: String, in folder: Int) throws(Errno) -> Int {
        guard let number = nodes[folder].names[name] else { throw .noSuchFileOrDirectory }
        return number
    }

    func folder(_ descriptor: FileDescriptor) throws(Errno) -> Int {
        let number = try opened(descriptor)
        guard nodes[number].isFolder else { throw .notDirectory }
        return number
    }

    mutating func open(
        _ name: String, in folder: FileDescriptor, _ flags: CInt, mode: mode_t
    ) throws(Errno) -> FileDescriptor {
        let number = try lookUp(name, in: folder, flags, mode)
        let isFolder = nodes[number].isFolder
        if flags & O_DIRECTORY != 0, !isFolder { throw .notDirectory }
        if flags & O_ACCMODE != O_RDONLY, isFolder { throw .isDirectory }
        if flags & O_TRUNC != 0 { try setLength(of: number, to: 0) }
        nextDescriptor += 1
        open[nextDescriptor] = Open(process: caller, node: number, appends: flags & O_APPEND != 0)
        note(1, nodes[number].bytes.count)
        return FileDescriptor(rawValue: nextDescriptor)
    }

    mutating func lookUp(
        _ name: String, in folder: FileDescriptor, _ flags: CInt, _ mode: mode_t
    ) throws(Errno) -> Int {
        if folder.rawValue == AT_FDCWD { return Self.root }
        let parent = try self.folder(folder)
        if name == "." { return parent }
        if let number = nodes[parent].names[name] {
            guard flags & (O_CREAT | O_EXCL) != O_CREAT | O_EXCL else { throw .fileExists }
            return number
        }
        guard flags & O_CREAT != 0 else { throw .noSuchFileOrDirectory }
        return try make(SimulatedNode(isFolder: false, mode: mode), name, in: parent)
    }

    mutating func make(_ node: SimulatedNode, _ name: String, in folder: Int) throws(Errno) -> Int {
        guard nodes[folder].links > 0 else { throw .noSuchFileOrDirectory }
        let place = NameChange.Place(folder: folder, name: name)
        try change { _ = $0.add(node, place) }
        try failName()
        return add(node, place)
    }

    mutating func add(_ node: SimulatedNode, _ place: NameChange.Place) -> Int {
        nodes.append(node)
        setName(place, nodes.count - 1)
        return nodes.count - 1
    }

    mutating func failName() throws(Errno) {
        if used >= faults.room { throw .noSpace }
        if chance(faults.failedNames) { throw .ioError }
    }

    mutating func close(_ descriptor: FileDescriptor) throws(Errno) {
        guard let closed = open.removeValue(forKey: descriptor.rawValue) else { throw .badFileDescriptor }
        if locks[closed.node] == descriptor.rawValue { locks[closed.node] = nil }
    }

    mutating func lock(_ descriptor: FileDescriptor) throws(Errno) {
        let number = try opened(descriptor)
        guard locks[number] == nil || locks[number] == descriptor.rawValue else { throw .wouldBlock }
        locks[number] = descriptor.rawValue
    }
}
