// SPDX-License-Identifier: Apache-2.0

internal import CZlib
import DurableFiles
package import SystemPackage

/// What is decided to be published: files that get their names, and segments of the journal that are then deleted.
///
/// A redo log: once it is on the disk all of it happens, by this process or by the next one. Every step can be repeated.
package struct Commit: Equatable {
    package struct Rename: Equatable {
        package let temporary: FilePath
        package let final: FilePath

        package init(temporary: FilePath, final: FilePath) {
            self.temporary = temporary
            self.final = final
        }
    }

    package var renames: [Rename] = []
    package var segments: [FilePath] = []

    package init(renames: [Rename] = [], segments: [FilePath] = []) {
        self.renames = renames
        self.segments = segments
    }

    package var isEmpty: Bool { renames.isEmpty && segments.isEmpty }
}

extension Commit {
    private static let title = "weir commit 1"

    /// Texts that each end with a zero byte, which no path can hold; the last is a checksum of those before.
    package var bytes: [UInt8] {
        var texts = [Self.title]
        for rename in renames { texts += ["rename", rename.temporary.string, rename.final.string] }
        for segment in segments { texts += ["delete", segment.string] }
        let content = texts.reduce(into: [UInt8]()) { content, text in
            content += text.utf8
            content.append(0)
        }
        return content + Array(Self.checksum(content).utf8) + [0]
    }

    /// nil where the bytes are none of ours, or damaged.
    package init?(_ bytes: [UInt8]) {
        self.init()
        let pieces = bytes.split(separator: 0, omittingEmptySubsequences: false)
        var texts = pieces.map { String(decoding: $0, as: UTF8.self) }
        guard texts.popLast() == "", let sum = texts.popLast(), texts.first == Self.title,
            Self.checksum(bytes.dropLast(sum.utf8.count + 1)) == sum
        else { return nil }
        var words = texts.dropFirst()
        while let verb = words.popFirst() {
            switch (verb, words.popFirst(), words.count) {
            case ("rename", let temporary?, 1...):
                renames.append(Rename(temporary: FilePath(temporary), final: FilePath(words.removeFirst())))
            case ("delete", let segment?, _): segments.append(FilePath(segment))
            default: return nil
            }
        }
    }

    /// `unsafe`: zlib takes a pointer, for the call only.
    private static func checksum(_ bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        return unsafe bytes.withUnsafeBufferPointer { unsafe String(crc32_z(0, $0.baseAddress, $0.count), radix: 16) }
    }
}

extension Commit {
    /// Does all that was decided and is not done. Afterwards it holds what could not be done.
    ///
    /// - Parameter onRename: called for each file that got its name.
    mutating func carryOut(onRename: () -> Void) throws(ExportError) {
        var failure: ExportError?
        var folders: Set<FilePath> = []
        var failed: [Rename] = []
        for rename in renames {
            do throws(ExportError) {
                if try rename.carryOut() { onRename() }
                folders.insert(rename.final.removingLastComponent())
                FaultPoint.reach(.midRename)
            } catch {
                failed.append(rename)
                failure = failure ?? error
            }
        }
        FaultPoint.reach(.afterRename)
        for folder in folders { try ExportError.wrap(.publish, folder) { try Folder.synchronize(folder) } }
        renames = failed
        FaultPoint.reach(.beforeSegmentDelete)
        try deleteSegments()
        if let failure { throw failure }
    }

    /// The content of a file that still waits for its name is on the disk, and the commit that names it: neither
    /// needs the journal.
    private mutating func deleteSegments() throws(ExportError) {
        for segment in segments {
            try ExportError.wrap(.deleteSegment, segment) {
                do { try FileSystemCalls.remove(segment) } catch Errno.noSuchFileOrDirectory {}
            }
        }
        if let folder = segments.first?.removingLastComponent() {
            try ExportError.wrap(.deleteSegment, folder) { try Folder.synchronize(folder) }
        }
        segments = []
    }
}

extension Commit.Rename {
    /// Whether it was done now; false where it had been done before.
    fileprivate func carryOut() throws(ExportError) -> Bool {
        try ExportError.wrap(.createFolder, final.removingLastComponent()) {
            try Folder.create(final.removingLastComponent())
        }
        return try ExportError.wrap(.publish, final) {
            do {
                try FileSystemCalls.rename(temporary, to: final)
                return true
            } catch Errno.noSuchFileOrDirectory {
                return false
            }
        }
    }
}
