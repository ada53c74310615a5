// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import Glibc
internal import SystemPackage

/// A log file that grows by whole gzip members under a temporary name.
///
/// Where a member could not be written in full the file must be cut back, or discarded.
final class LogFile {
    /// Where it goes when it is published.
    let place: LogFilePlace
    /// Where it grows.
    private let folder: HeldFolder
    private(set) var length: Int64 = 0
    /// Whether it holds more than the header.
    private(set) var holdsRecords = false
    private let file: HeldFile

    /// How far a file had grown.
    struct Mark {
        let length: Int64
        let holdsRecords: Bool
    }

    /// Creates the file in the folder for those that are not published yet.
    init(_ place: LogFilePlace, in folders: LogFolders) throws(ExportError) {
        self.place = place
        let staging = folders.directory.appending(folders.stagingName)
        let folder = try ExportError.wrap(.createFolder, staging) { try folders.openStaging() }
        self.folder = folder
        file = try ExportError.wrap(.createFile, staging.appending(place.name)) {
            try folder.open(place.name, O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
        }
    }

    var temporaryPath: FilePath { folder.path.appending(place.name) }

    var mark: Mark { Mark(length: length, holdsRecords: holdsRecords) }

    /// Whether its name was taken away, or leads to another file.
    var isRemoved: Bool { !folder.holds(file, as: place.name) }

    /// Appends one member.
    func append(_ member: ArraySlice<UInt8>, holdsRecords: Bool) throws(ExportError) {
        try ExportError.wrap(.write, temporaryPath) {
            try file.writeAll(toAbsoluteOffset: length, member)
        }
        length += Int64(member.count)
        if holdsRecords { self.holdsRecords = true }
    }

    /// Takes back what was written since, whole or not.
    func cut(to mark: Mark) throws(ExportError) {
        try ExportError.wrap(.write, temporaryPath) { try file.resize(to: mark.length) }
        length = mark.length
        holdsRecords = mark.holdsRecords
    }

    /// Waits until its content is on the disk.
    func synchronize() throws(ExportError) {
        try ExportError.wrap(.publish, place.path) { try file.synchronize() }
    }

    /// Removes the file; it must not be used afterwards.
    func discard() { try? folder.remove(place.name) }
}
