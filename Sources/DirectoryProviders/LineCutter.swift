// SPDX-License-Identifier: Apache-2.0

/// Cuts what comes out of a pipe into lines, and keeps no more than one line of bounded length.
struct LineCutter {
    enum Line: Equatable {
        case text(String)
        /// It has more bytes than a line may have.
        case tooLong
    }

    private let longest: Int
    private var rest: [UInt8] = []
    /// Whether the line that is not whole yet is too long already: none of it is kept.
    private var isTooLong = false

    /// - Parameter longest: bytes of a line, without its line feed.
    init(longest: Int) { self.longest = longest }

    /// The lines that are whole now, the empty ones among them. Bytes that are not UTF-8 are replaced.
    mutating func take(_ bytes: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var pieces = bytes.split(separator: 10, omittingEmptySubsequences: false)
        let last = pieces.removeLast()
        for piece in pieces {
            lines.append(end(piece))
            rest = []
            isTooLong = false
        }
        if isTooLong || rest.count + last.count > longest {
            isTooLong = true
            rest = []
        } else {
            rest += last
        }
        return lines
    }

    private func end(_ piece: ArraySlice<UInt8>) -> Line {
        if isTooLong || rest.count + piece.count > longest { return .tooLong }
        return .text(String(decoding: rest + piece, as: UTF8.self))
    }
}
