// SPDX-License-Identifier: Apache-2.0

import FlowModel
internal import SystemPackage

/// A log file that grows by whole gzip members under its temporary name until it is published.
///
/// Owns its descriptor. Where a member could not be written in full the file is cut back to the last whole one. Where
/// somebody removed the file or its folder, what it held is still there as long as it is open, and is written anew.
final class LogFile {
    let place: LogFilePlace
    /// Start of the publish period.
    let period: UnixTime
    /// Start of the first window in it.
    let oldestWindow: UnixTime
    /// Of the whole members.
    private(set) var length: Int64 = 0
    /// Whether it holds more than the header.
    private(set) var holdsRecords = false
    private var descriptor: FileDescriptor
    /// Whether bytes may stand beyond `length`.
    private var isTorn = false
    /// Whether it has its final name, after which nothing may be appended.
    private(set) var isRenamed = false

    /// Creates the folders that are missing, and the file.
    init(_ place: LogFilePlace, period: UnixTime, oldestWindow: UnixTime) throws(ExportError) {
        self.place = place
        self.period = period
        self.oldestWindow = oldestWindow
        descriptor = try Self.create(place)
    }

    deinit { try? descriptor.close() }

    /// Appends one member; either all of it stands in the file afterwards, or nothing.
    func append(_ member: [UInt8], holdsRecords: Bool) throws(ExportError) {
        try restoreIfRemoved()
        try cutTornEnd()
        isTorn = true
        do {
            try descriptor.writeAll(toAbsoluteOffset: length, member)
        } catch {
            try? cutTornEnd()
            throw ExportError(.write, place.temporaryPath, error as? Errno ?? .ioError)
        }
        isTorn = false
        length += Int64(member.count)
        if holdsRecords { self.holdsRecords = true }
    }

    /// Gives the file its name, once its content is on the disk; the name is, too, when this returns. Can be called
    /// again where it failed.
    func publish() throws(ExportError) {
        if !isRenamed {
            try restoreIfRemoved()
            try cutTornEnd()
            try ExportError.wrap(.publish, place.path) {
                try FileSystemCalls.synchronize(descriptor)
                try FileSystemCalls.rename(place.temporaryPath, to: place.path)
            }
            isRenamed = true
        }
        try ExportError.wrap(.publish, place.path) { try Folder.synchronize(place.folder) }
    }

    /// Removes the file; it must not be used afterwards.
    func discard() {
        try? FileSystemCalls.remove(place.temporaryPath)
    }

    private func cutTornEnd() throws(ExportError) {
        guard isTorn else { return }
        try ExportError.wrap(.write, place.temporaryPath) { try descriptor.resize(to: length) }
        isTorn = false
    }

    private func restoreIfRemoved() throws(ExportError) {
        let isRemoved = try ExportError.wrap(.write, place.temporaryPath) { try descriptor.stat().linkCount == 0 }
        guard isRemoved else { return }
        let copy = try Self.create(place)
        do {
            try copyContent(to: copy)
        } catch {
            try? copy.close()
            discard()
            throw ExportError(.write, place.temporaryPath, error as? Errno ?? .ioError)
        }
        try? descriptor.close()
        descriptor = copy
        isTorn = false
    }

    private func copyContent(to copy: FileDescriptor) throws {
        try descriptor.seek(offset: 0, from: .start)
        var left = Int(length)
        while left > 0 {
            let copied = try FileSystemCalls.copy(from: descriptor, to: copy, count: left)
            guard copied > 0 else { throw Errno.ioError }
            left -= copied
        }
    }

    private static func create(_ place: LogFilePlace) throws(ExportError) -> FileDescriptor {
        try ExportError.wrap(.createFolder, place.folder) { try Folder.create(place.folder) }
        return try ExportError.wrap(.createFile, place.temporaryPath) {
            try FileDescriptor.open(
                place.temporaryPath, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead])
        }
    }
}
