// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import Foundation
package import SystemPackage

/// The file of the state directory that keeps a book of taps over restarts.
package struct TapStateFile: Sendable {
    private struct Content: Codable {
        var version: Int
        var book: TapBook
    }

    private let folder: FilePath

    package static let name = "taps.json"
    /// What a file that cannot be read is called from then on.
    package static let asideName = "taps.json.unread"
    private static let version = 1

    package init(folder: FilePath) { self.folder = folder }

    private var path: FilePath { folder.appending(Self.name) }

    /// What was kept; an empty book where nothing was.
    ///
    /// - Returns: beside the book a sentence, where there is a file that cannot be read: it is kept under another name.
    package func read() -> (book: TapBook, failure: String?) {
        do {
            let bytes = try HeldFolder.read(path)
            return (try Self.book(of: bytes), nil)
        } catch Errno.noSuchFileOrDirectory {
            return (TapBook(), nil)
        } catch {
            return (TapBook(), setAside(since: error))
        }
    }

    package func write(_ book: TapBook) throws(TapError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let bytes = try encoder.encode(Content(version: Self.version, book: book))
            try HeldFolder.replace(path, with: Array(bytes))
        } catch {
            throw TapError(.failed, "cannot keep tap services in \(path): \(error); nothing is changed")
        }
    }

    private static func book(of bytes: [UInt8]) throws -> TapBook {
        struct Head: Codable { var version: Int }
        let decoder = JSONDecoder()
        let head = try? decoder.decode(Head.self, from: Data(bytes))
        guard let head else { throw TapError(.wrong, "it is cut, or no file of taps") }
        guard head.version == version else {
            throw TapError(.wrong, "it is of version \(head.version), and this program reads \(version)")
        }
        guard let content = try? decoder.decode(Content.self, from: Data(bytes)) else {
            throw TapError(.wrong, "what it says of taps cannot be read")
        }
        return content.book
    }

    private func setAside(since error: any Error) -> String {
        var kept = "it stays there until a tap is created"
        if (try? HeldFolder.rename(path, to: Self.asideName)) != nil { kept = "it is kept as \(Self.asideName)" }
        return "cannot read tap services from \(path): \(error); the daemon goes on without them, and \(kept)"
    }
}
