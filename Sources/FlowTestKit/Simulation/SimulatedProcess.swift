// SPDX-License-Identifier: Apache-2.0

package import DurableFiles
package import Glibc
import Synchronization
package import SystemPackage

/// A process on a simulated disk, as a file system: it can be killed in the middle of any call.
///
/// That call and all later ones of the process fail with `deadProcess`, and change nothing.
package struct SimulatedProcess: FileSystem {
    /// What calls of a process that is dead fail with; no code under test handles it.
    package static let deadProcess = Errno(rawValue: 4000)

    /// How a process ends in the middle of a call.
    package enum Death: Sendable {
        /// It is killed: what it wrote is in the page cache.
        case kill
        /// The host crashes, and all processes end.
        case crash
    }

    package let disk: SimulatedDisk
    private let number: Int
    /// Whether fsync returns at once, as with a program that leaves it out.
    package var ignoresSync = false
    /// Whether it removes a folder's files before another folder gets that name, as a program that does not exchange them at once.
    package var removesBeforeNaming = false
    package let durableFolders = DurableFolders()

    init(on disk: SimulatedDisk, number: Int) {
        self.disk = disk
        self.number = number
    }

    /// Ends the process in the middle of a call that changes something.
    ///
    /// - Parameter calls: how many of those come before it.
    package func die(_ death: Death, after calls: Int) {
        disk.state.withLock { $0.setDeath(of: number, death, after: calls) }
    }

    /// It does not die as planned.
    package func spare() { disk.state.withLock { $0.spare(number) } }

    /// Kills it now.
    package func kill() { disk.state.withLock { $0.endProcess(number) } }

    package var isDead: Bool { disk.state.withLock { $0.processes[number] == nil } }

    /// A call of the process that changes something elsewhere: it may die in it. Throws where it is dead.
    package func pass() throws(Errno) { try with { state throws(Errno) in try state.change() } }
}

extension SimulatedProcess {
    package func open(
        _ name: String, in folder: FileDescriptor, _ flags: CInt, mode: mode_t
    ) throws(Errno) -> FileDescriptor {
        try with { state throws(Errno) in try state.open(name, in: folder, flags, mode: mode) }
    }

    package func close(_ open: FileDescriptor) throws(Errno) {
        try with { state throws(Errno) in try state.close(open) }
    }

    package func facts(_ open: FileDescriptor) throws(Errno) -> stat {
        try with { state throws(Errno) in state.facts(try state.opened(open)) }
    }

    package func facts(of name: String, in folder: FileDescriptor) throws(Errno) -> stat {
        try with { state throws(Errno) in state.facts(try state.found(name, in: state.folder(folder))) }
    }

    package func names(in folder: FileDescriptor) throws(Errno) -> [String] {
        try with { state throws(Errno) in
            try state.readSomething()
            return Array(state.nodes[try state.folder(folder)].names.keys)
        }
    }

    package func readLink(_ link: FileDescriptor) throws(Errno) -> FilePath { throw .invalidArgument }

    package func makeFolder(_ name: String, in folder: FileDescriptor, mode: mode_t) throws(Errno) {
        try with { state throws(Errno) in try state.makeFolder(name, in: folder, mode: mode) }
    }

    package func link(
        _ name: String, in folder: FileDescriptor, to newName: String, in target: FileDescriptor
    ) throws(Errno) {
        try with { state throws(Errno) in try state.link(name, in: folder, to: newName, in: target) }
    }

    package func rename(
        _ name: String, in folder: FileDescriptor, to newName: String, in target: FileDescriptor
    ) throws(Errno) {
        try with { state throws(Errno) in try state.rename(name, in: folder, to: newName, in: target) }
    }

    package func exchange(
        _ name: String, in folder: FileDescriptor, with other: String, in target: FileDescriptor
    ) throws(Errno) {
        if removesBeforeNaming { return try replace(other, in: target, by: name, in: folder) }
        try with { state throws(Errno) in try state.exchange(name, in: folder, with: other, in: target) }
    }

    private func replace(
        _ name: String, in folder: FileDescriptor, by new: String, in source: FileDescriptor
    ) throws(Errno) {
        let old = try open(name, in: folder, O_RDONLY | O_DIRECTORY, mode: 0)
        defer { try? close(old) }
        for file in try names(in: old).sorted() { try remove(file, in: old, 0) }
        try synchronize(old)
        try rename(new, in: source, to: name, in: folder)
    }

    package func remove(_ name: String, in folder: FileDescriptor, _ flags: CInt) throws(Errno) {
        try with { state throws(Errno) in try state.remove(name, in: folder, isFolder: flags & AT_REMOVEDIR != 0) }
    }

    package func give(_ file: FileDescriptor, to user: uid_t, _ group: gid_t) throws(Errno) {}

    package func read(
        _ file: FileDescriptor, at offset: Int64, into bytes: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        try with { state throws(Errno) in
            let piece = try state.read(file, at: Int(offset), atMost: bytes.count)
            unsafe bytes.copyBytes(from: piece)
            return piece.count
        }
    }

    package func write(
        _ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer, at offset: Int64?
    ) throws(Errno) -> Int {
        let bytes = unsafe Array(bytes)
        return try with { state throws(Errno) in try state.write(file, bytes, at: offset.map { Int($0) }) }
    }

    package func resize(_ file: FileDescriptor, to size: Int64) throws(Errno) {
        try with { state throws(Errno) in try state.resize(file, to: Int(size)) }
    }

    package func synchronize(_ open: FileDescriptor) throws(Errno) {
        if ignoresSync { return try pass() }
        try with { state throws(Errno) in try state.synchronize(open) }
    }

    package func lock(_ open: FileDescriptor, waits: Bool) throws(Errno) {
        try with { state throws(Errno) in try state.lock(open) }
    }

    package func space(at open: FileDescriptor) throws(Errno) -> Int64 {
        try with { state throws(Errno) in Int64(clamping: state.faults.room - state.used) }
    }

    private func with<Value: Sendable>(
        _ body: (inout SimulatedFiles) throws(Errno) -> Value
    ) throws(Errno) -> Value {
        try disk.state.withLock { (state) throws(Errno) in
            guard state.processes[number] != nil else { throw Self.deadProcess }
            state.caller = number
            return try body(&state)
        }
    }
}
