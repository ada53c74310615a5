// SPDX-License-Identifier: Apache-2.0

package import Glibc
import Synchronization
package import SystemPackage

/// A file that is open, on whichever file system: closed at the latest with its last reference.
///
/// Calls block on the disk. It may be used from several threads, as a descriptor may; not after `close`.
package final class HeldFile: Sendable {
    private let descriptor: FileDescriptor
    private let fileSystem: any FileSystem
    private let isOpen = Atomic(true)

    init(owning descriptor: FileDescriptor, of fileSystem: any FileSystem) {
        self.descriptor = descriptor
        self.fileSystem = fileSystem
    }

    deinit { try? close() }

    /// Closes it. Does nothing the second time.
    package func close() throws(Errno) {
        guard isOpen.exchange(false, ordering: .relaxed) else { return }
        try fileSystem.close(descriptor)
    }

    /// Closes it when that is done, or failed.
    package func closeAfter<Result>(_ body: () throws -> Result) throws -> Result {
        let result: Result
        do { result = try body() } catch {
            try? close()
            throw error
        }
        try close()
        return result
    }

    /// What is known of the file (fstat(2)).
    package func facts() throws(Errno) -> stat { try fileSystem.facts(descriptor) }

    /// Reads at most as many bytes as there is room for, and returns how many; 0 at the end of the file. `unsafe`: the pointer is for
    /// the call only.
    package func read(
        fromAbsoluteOffset offset: Int64, into bytes: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        unsafe try fileSystem.read(descriptor, at: offset, into: bytes)
    }

    /// Writes all bytes where the file stands, or at its end if it was opened with O_APPEND.
    package func writeAll(_ bytes: some Sequence<UInt8>) throws(Errno) { try writeAll(bytes, at: nil) }

    package func writeAll(toAbsoluteOffset offset: Int64, _ bytes: some Sequence<UInt8>) throws(Errno) {
        try writeAll(bytes, at: offset)
    }

    private func writeAll(_ bytes: some Sequence<UInt8>, at offset: Int64?) throws(Errno) {
        do {
            let isDone: Void? = try bytes.withContiguousStorageIfAvailable {
                unsafe try writeAll(UnsafeRawBufferPointer($0), at: offset)
            }
            if isDone == nil { try writeAll(Array(bytes), at: offset) }
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: Int64?) throws {
        var count = 0
        while count < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[count...])
            count += unsafe try fileSystem.write(descriptor, rest, at: offset.map { $0 + Int64(count) })
        }
    }

    /// Cuts it off, or fills it up with zeros.
    package func resize(to size: Int64) throws(Errno) { try fileSystem.resize(descriptor, to: size) }

    /// Waits until its content is on the disk.
    package func synchronize() throws(Errno) { try fileSystem.synchronize(descriptor) }

    /// Waits for its lock (flock(2)). It goes when the file is closed.
    package func waitForLock() throws(Errno) { try fileSystem.lock(descriptor, waits: true) }

    func give(to user: uid_t, _ group: gid_t) throws(Errno) { try fileSystem.give(descriptor, to: user, group) }
}
