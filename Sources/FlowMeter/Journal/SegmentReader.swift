// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowModel
import Glibc
internal import SystemPackage

/// Reads a segment: every frame that is whole, whatever stands between them. Blocks on the disk.
package struct SegmentReader: ~Copyable {
    private let segment: Segment
    private let file: HeldFile
    private var content = SegmentContent()
    private var words = [UInt64](repeating: 0, count: JournalFrame.longestWords)
    private var offset: Int64 = 0
    private var isSearching = false
    /// What the flows of each part are taken into: empty, with the piece that is asked for.
    private let table: FlowTable
    private var batch: [CountedFlow] = []
    /// Pieces of the description of the part at hand.
    private var pieces: [UInt32: [UInt64]] = [:]
    private var pieceCount: UInt32 = 0

    /// - Parameters:
    ///   - piece: the flows that are taken; all are read and summed.
    ///   - hash: by which flows fall into pieces: the same for all pieces of a window.
    package static func read(
        _ segment: Segment, _ piece: FlowPiece = .whole, hash: FlowHash = FlowHash()
    ) throws(JournalError) -> SegmentContent {
        var reader = try SegmentReader(segment, piece, hash)
        do { try reader.readAll() } catch { throw JournalError(.read, segment.path, error) }
        return reader.content
    }

    private init(_ segment: Segment, _ piece: FlowPiece, _ hash: FlowHash) throws(JournalError) {
        self.segment = segment
        var table = FlowTable(hash: hash)
        table.take(piece)
        self.table = table
        file = try JournalError.wrap(.read, segment.path) {
            try HeldFolder.open(segment.path, O_RDONLY)
        }
    }

    private mutating func readAll() throws {
        while true {
            let bytes = try fill()
            if let frame = JournalFrame(words, count: bytes / 8, nonce: segment.nonce) {
                take(frame)
                offset += Int64(frame.words * 8)
                content.end = offset
                if frame.kind == .closing { content.closedEnd = offset }
                isSearching = false
            } else if bytes > 0 {
                guard search(bytes) else { break }
            } else {
                break
            }
        }
        finishPart()
        if isSearching {
            // What was taken for damage is the end of the file.
            content.damages -= 1
            content.isTorn = true
        }
    }

    /// Moves to what may be the next frame; false where the file ends before one.
    private mutating func search(_ bytes: Int) -> Bool {
        if !isSearching { content.damages += 1 }
        isSearching = true
        let count = bytes / 8
        let next = (1..<max(1, count)).first { UInt32(truncatingIfNeeded: words[$0]) == JournalFrame.magic }
        // Nothing in it but, perhaps, the beginning of a header in its last word.
        offset += Int64((next ?? max(1, count)) * 8)
        return bytes >= 8
    }

    /// Reads as many bytes as a frame can have. `unsafe`: the pointer is for the call only.
    private mutating func fill() throws -> Int {
        let room = words.count * 8
        var count = 0
        while count < room {
            let read = try unsafe words.withUnsafeMutableBytes { bytes in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[count...])
                return unsafe try file.read(fromAbsoluteOffset: offset + Int64(count), into: rest)
            }
            if read == 0 { break }
            count += read
        }
        return count
    }
}

extension SegmentReader {
    private mutating func take(_ frame: JournalFrame) {
        if frame.kind == .printed {
            content.isPrinted = true
            return
        }
        if content.parts.last?.place != frame.part {
            finishPart()
            content.parts.append(JournaledPart(place: frame.part, flows: table))
        }
        switch frame.kind {
        case .description, .descriptionAgain: takeDescription(frame)
        case .flows: takeFlows(frame)
        case .closing: content.parts[content.parts.count - 1].isClosed = true
        case .printed: break
        }
    }

    private mutating func takeDescription(_ frame: JournalFrame) {
        pieceCount = frame.meaning
        let start = JournalFrame.headerWords
        pieces[frame.index] = Array(words[start..<start + frame.payload])
    }

    private mutating func takeFlows(_ frame: JournalFrame) {
        guard Int(frame.meaning) * FlowWords.count == frame.payload else { return }
        Self.unpack(words, Int(frame.meaning), frame.version, into: &batch)
        Self.merge(batch, into: &content.parts[content.parts.count - 1])
    }

    private static func unpack(
        _ words: [UInt64], _ count: Int, _ version: UInt16, into batch: inout [CountedFlow]
    ) {
        batch.removeAll(keepingCapacity: true)
        let source = words.span
        for index in 0..<count {
            let place = JournalFrame.headerWords + index * FlowWords.count
            batch.append(FlowWords.read(source, at: place, version: version))
        }
    }

    private static func merge(_ batch: [CountedFlow], into part: inout JournaledPart) {
        part.flows.merge(batch.span)
        for flow in batch { part.sums.add(flow) }
    }

    /// Puts the part's description together, from pieces of either copy.
    private mutating func finishPart() {
        defer {
            pieces = [:]
            pieceCount = 0
        }
        guard !content.parts.isEmpty, pieceCount > 0, pieces.count == Int(pieceCount) else { return }
        let words = (0..<pieceCount).flatMap { pieces[$0] ?? [] }
        content.parts[content.parts.count - 1].description = PartDescription(words: words)
    }
}
