// SPDX-License-Identifier: Apache-2.0

package import DurableFiles
import SystemPackage

/// The number of the last window that a sink has delivered, in a file of the sink's folder: one line, `weir cursor NUMBER`.
///
/// It is written after the other end has acknowledged the window. So a window is delivered again, and never left out, where the process dies
/// between the two.
package struct SinkCursor {
    private static let fileName = "cursor"
    private static let title = "weir cursor "

    private let folder: HeldFolder
    private var path: FilePath { folder.path.appending(Self.fileName) }
    package private(set) var sequence: UInt64

    /// Reads the cursor, or writes a new cursor at `start` if the folder has none.
    ///
    /// - Throws: ExportError; also where the file is not a cursor.
    package init(in folder: HeldFolder, startingAt start: UInt64) throws(ExportError) {
        self.folder = folder
        let path = folder.path.appending(Self.fileName)
        let bytes = try ExportError.wrap(.readCursor, path) { () throws -> [UInt8]? in
            do { return try folder.read(Self.fileName, limit: 64) } catch Errno.noSuchFileOrDirectory { return nil }
        }
        guard let bytes else {
            sequence = 0
            try advance(to: start)
            return
        }
        guard let sequence = Self.sequence(bytes) else { throw ExportError(.readCursor, path, .illegalByteSequence) }
        self.sequence = sequence
    }

    /// Notes a number; it is on the disk when this returns.
    package mutating func advance(to sequence: UInt64) throws(ExportError) {
        let bytes = Array("\(Self.title)\(sequence)\n".utf8)
        try ExportError.wrap(.writeCursor, path) { try folder.replace(Self.fileName, with: bytes) }
        self.sequence = sequence
    }

    /// The number in a cursor's file; nil where it is none.
    package static func sequence(_ bytes: [UInt8]) -> UInt64? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix(title), text.hasSuffix("\n") else { return nil }
        return UInt64(text.dropFirst(title.count).dropLast())
    }

    /// The number in the cursor of a sink's folder; nil where there is none yet.
    package static func read(_ folder: HeldFolder) -> UInt64? {
        (try? folder.read(fileName, limit: 64)).flatMap(sequence)
    }
}
