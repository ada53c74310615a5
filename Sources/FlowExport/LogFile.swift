// SPDX-License-Identifier: Apache-2.0

import DurableFiles
internal import SystemPackage

/// A log file that grows by whole gzip members under a temporary name.
///
/// Owns its descriptor. Where a member could not be written in full the file must be cut back, or discarded.
final class LogFile {
    /// Where it goes when it is published.
    let place: LogFilePlace
    let temporaryPath: FilePath
    private(set) var length: Int64 = 0
    /// Whether it holds more than the header.
    private(set) var holdsRecords = false
    private let descriptor: FileDescriptor

    /// How far a file had grown.
    struct Mark {
        let length: Int64
        let holdsRecords: Bool
    }

    /// Creates the file in the folder for those that are not published yet.
    init(_ place: LogFilePlace, in staging: FilePath) throws(ExportError) {
        self.place = place
        let path = staging.appending(place.name)
        temporaryPath = path
        try ExportError.wrap(.createFolder, staging) { try Folder.create(staging) }
        descriptor = try ExportError.wrap(.createFile, path) {
            try FileDescriptor.open(
                path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead])
        }
    }

    deinit { try? descriptor.close() }

    var mark: Mark { Mark(length: length, holdsRecords: holdsRecords) }

    /// Whether somebody took its name away.
    var isRemoved: Bool { (try? descriptor.stat().linkCount) == 0 }

    /// Appends one member.
    func append(_ member: [UInt8], holdsRecords: Bool) throws(ExportError) {
        try ExportError.wrap(.write, temporaryPath) {
            _ = try descriptor.writeAll(toAbsoluteOffset: length, member)
        }
        length += Int64(member.count)
        if holdsRecords { self.holdsRecords = true }
    }

    /// Takes back what was written since, whole or not.
    func cut(to mark: Mark) throws(ExportError) {
        try ExportError.wrap(.write, temporaryPath) { try descriptor.resize(to: mark.length) }
        length = mark.length
        holdsRecords = mark.holdsRecords
    }

    /// Waits until its content is on the disk.
    func synchronize() throws(ExportError) {
        try ExportError.wrap(.publish, place.path) { try FileSystemCalls.synchronize(descriptor) }
    }

    /// Removes the file; it must not be used afterwards.
    func discard() { try? FileSystemCalls.remove(temporaryPath) }
}
