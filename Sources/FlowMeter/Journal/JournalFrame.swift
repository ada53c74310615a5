// SPDX-License-Identifier: Apache-2.0

internal import CIsal

/// A piece of a segment: five words of header, then whole words of payload, at most 64 KiB together.
///
/// | word | low half | high half |
/// |---|---|---|
/// | 0 | magic | kind, and format version above it |
/// | 1 | the segment's nonce | |
/// | 2 | place of the part in its segment | place of the frame among those of its kind |
/// | 3 | words of payload | meaning by kind |
/// | 4 | CRC-32 of all other words | 0 |
///
/// Words are in the byte order of the machine: a journal does not travel. The nonce is random and stands in the
/// segment's name, so that nothing that a guest can put into a packet looks like a frame where a reader has to search.
struct JournalFrame: Equatable {
    enum Kind: UInt16 {
        /// A piece of the part's description. `meaning` is the number of pieces.
        case description = 1
        /// Flows. `meaning` is how many.
        case flows = 2
        /// The same as the first kind, once more behind the flows.
        case descriptionAgain = 3
        /// The part is complete. Written twice.
        case closing = 4
        /// The window was printed, and is not to be printed again.
        case printed = 5
    }

    static let magic: UInt32 = 0x5245_4957
    /// Of the format. Frames of the one before are read, too: a build that takes over finds them.
    static let version: UInt16 = 2
    static let headerWords = 5
    static let longestWords = 8192
    static let longestPayload = longestWords - headerWords

    var kind: Kind
    var part: UInt32
    var index: UInt32
    var payload: Int
    var meaning: UInt32
    /// Of the format that it is written in.
    var version = Self.version

    /// Writes the header before a payload that is in the memory already.
    func seal(_ words: inout [UInt64], nonce: UInt64) {
        words[0] = UInt64(Self.magic) | UInt64(kind.rawValue) << 32 | UInt64(Self.version) << 48
        words[1] = nonce
        words[2] = UInt64(part) | UInt64(index) << 32
        words[3] = UInt64(payload) | UInt64(meaning) << 32
        words[4] = Self.checksum(of: words, payload: payload)
    }

    /// Reads the frame at the beginning of `count` words; nil where there is none that is whole.
    init?(_ words: [UInt64], count: Int, nonce: UInt64) {
        guard count >= Self.headerWords, UInt32(truncatingIfNeeded: words[0]) == Self.magic, words[1] == nonce,
            (1...UInt64(Self.version)).contains(words[0] >> 48),
            let kind = Kind(rawValue: UInt16(words[0] >> 32 & 0xFFFF))
        else { return nil }
        let payload = Int(words[3] & 0xFFFF_FFFF)
        guard payload <= count - Self.headerWords, words[4] == Self.checksum(of: words, payload: payload) else {
            return nil
        }
        self.init(
            kind: kind, part: UInt32(truncatingIfNeeded: words[2]), index: UInt32(words[2] >> 32), payload: payload,
            meaning: UInt32(words[3] >> 32))
        version = UInt16(words[0] >> 48)
    }

    init(kind: Kind, part: UInt32, index: UInt32, payload: Int, meaning: UInt32) {
        self.kind = kind
        self.part = part
        self.index = index
        self.payload = payload
        self.meaning = meaning
    }

    /// Words of header and payload.
    var words: Int { Self.headerWords + payload }

    /// CRC-32 as gzip has it, over all but its own word. `unsafe`: ISA-L takes a pointer, for the call only. It takes
    /// 2 ns a record, of some 60 in which one gets into the journal.
    private static func checksum(of words: [UInt64], payload: Int) -> UInt64 {
        unsafe words.withUnsafeBytes { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let header = unsafe crc32_gzip_refl(0, start, 32)
            let rest = unsafe start.map { unsafe $0 + headerWords * 8 }
            return unsafe UInt64(crc32_gzip_refl(header, rest, UInt64(payload * 8)))
        }
    }
}
