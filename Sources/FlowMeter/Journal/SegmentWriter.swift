// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import Glibc
internal import SystemPackage

/// Writes the parts of one window to its segment.
///
/// A part is on the disk, name and all, when `append` returns; where it throws, the segment is as
/// it was before, or cut back to that by the next call. Blocks on the disk.
package final class SegmentWriter {
    package private(set) var segment: Segment
    private let file: HeldFile
    private var nextPart: UInt32
    /// Whether the file's name is on the disk.
    private var isNamed: Bool
    /// Whether bytes may stand behind the last part.
    private var isTorn = false
    private var offset: Int64 = 0
    /// Place of the next frame of flows among those of its part.
    private var nextBatch: UInt32 = 0
    /// How many flows the part's first description speaks of.
    private var describedFlows = 0
    /// That description; empty between parts.
    private var described: [UInt64] = []
    /// A frame; the only memory that a record passes through.
    private var words = [UInt64](repeating: 0, count: JournalFrame.longestWords)

    /// Makes the segment's file.
    init(creating segment: Segment) throws(JournalError) {
        self.segment = segment
        file = try JournalError.wrap(.write, segment.path) {
            try HeldFolder.open(segment.path, O_WRONLY | O_CREAT | O_EXCL)
        }
        nextPart = 0
        isNamed = false
    }

    /// Goes on behind the parts that were read; what stands behind them is cut off.
    init(resuming segment: Segment, after content: borrowing SegmentContent) throws(JournalError) {
        self.segment = segment
        self.segment.bytes = content.end
        file = try JournalError.wrap(.write, segment.path) {
            try HeldFolder.open(segment.path, O_WRONLY)
        }
        nextPart = (content.parts.map(\.place).max() ?? 0) + 1
        isNamed = true
        isTorn = content.end != segment.bytes
        try cut()
    }

    /// Whether its name was taken away: what was written to it is lost with this process.
    var isRemoved: Bool { (try? file.facts().st_nlink) == 0 }

    package func append(_ part: borrowing WindowPart, _ description: PartDescription) throws(JournalError) {
        try begin(description)
        try add(part.flows.records)
        try end(description)
    }

    /// Begins a part. Its flows follow by `add`, some at a time, then `end`; until that returns the part is not there.
    func begin(_ description: PartDescription) throws(JournalError) {
        try cut()
        isTorn = true
        offset = segment.bytes
        nextBatch = 0
        describedFlows = description.flows
        described = description.words
        try attempt { try write(described, as: .description) }
    }

    func add(_ flows: [CountedFlow]) throws(JournalError) {
        try attempt { try write(flows) }
    }

    /// - Parameter description: as it was begun with, but for the number of its flows.
    func end(_ description: PartDescription) throws(JournalError) {
        try attempt {
            FaultPoint.reach(.afterAppend)
            let isAsBegun = description.flows == describedFlows
            let described = isAsBegun ? self.described : description.words
            self.described = []
            try write(described, as: .descriptionAgain)
            for copy in 0..<2 as Range<UInt32> { try writeFrame(.closing, index: copy, payload: 0, meaning: 0) }
            if !isAsBegun { try rewrite(described) }
            try synchronize()
        }
        segment.bytes = offset
        nextPart += 1
        isTorn = false
    }

    /// Puts a description of the same length in the place of the part's first one.
    private func rewrite(_ described: [UInt64]) throws {
        let end = offset
        offset = segment.bytes
        try write(described, as: .description)
        offset = end
    }

    private func attempt(_ action: () throws -> Void) throws(JournalError) {
        do {
            try action()
        } catch {
            try? cut()
            throw JournalError(.write, segment.path, error)
        }
    }

    private func cut() throws(JournalError) {
        guard isTorn else { return }
        try JournalError.wrap(.write, segment.path) { try file.resize(to: segment.bytes) }
        isTorn = false
    }

    private func synchronize() throws {
        FaultPoint.reach(.beforeFsync)
        try file.synchronize()
        if !isNamed { try HeldFolder.synchronize(nameOf: segment.path) }
        isNamed = true
        FaultPoint.reach(.afterFsync)
    }
}

extension SegmentWriter {
    private func write(_ description: [UInt64], as kind: JournalFrame.Kind) throws {
        let pieces = (description.count + JournalFrame.longestPayload - 1) / JournalFrame.longestPayload
        for piece in 0..<pieces {
            let start = piece * JournalFrame.longestPayload
            let count = min(description.count - start, JournalFrame.longestPayload)
            for index in 0..<count { words[JournalFrame.headerWords + index] = description[start + index] }
            try writeFrame(kind, index: UInt32(piece), payload: count, meaning: UInt32(pieces))
        }
    }

    private func write(_ flows: [CountedFlow]) throws {
        var start = 0
        while start < flows.count {
            let count = min(flows.count - start, FlowWords.longestBatch)
            Self.pack(flows.span, start..<start + count, into: &words)
            try writeFrame(.flows, index: nextBatch, payload: count * FlowWords.count, meaning: UInt32(count))
            start += count
            nextBatch += 1
        }
    }

    private static func pack(_ flows: Span<CountedFlow>, _ range: Range<Int>, into words: inout [UInt64]) {
        var target = words.mutableSpan
        var place = JournalFrame.headerWords
        for index in range {
            FlowWords.write(flows[index], to: &target, at: place)
            place += FlowWords.count
        }
    }

    /// `unsafe`: the pointer is for the call only.
    private func writeFrame(_ kind: JournalFrame.Kind, index: UInt32, payload: Int, meaning: UInt32) throws {
        let frame = JournalFrame(kind: kind, part: nextPart, index: index, payload: payload, meaning: meaning)
        frame.seal(&words, nonce: segment.nonce)
        try unsafe words.withUnsafeBytes { bytes in
            let frameBytes = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<(frame.words * 8)])
            unsafe try file.writeAll(toAbsoluteOffset: offset, frameBytes)
        }
        offset += Int64(frame.words * 8)
    }
}

extension SegmentWriter {
    /// Puts a file of one part in the segment's place; it is there whole or not at all.
    static func replace(
        _ segment: Segment, by part: borrowing WindowPart, _ description: PartDescription, isPrinted: Bool
    ) throws(JournalError) -> Segment {
        let temporary = FilePath(segment.path.string + HeldFolder.temporaryEnding)
        try? HeldFolder.remove(temporary)
        let writer = try SegmentWriter(creating: Segment(at: temporary, of: segment))
        do {
            try writer.append(part, description)
            if isPrinted { try markPrinted(writer.segment) }
            try HeldFolder.rename(temporary, to: segment.name)
        } catch {
            try? HeldFolder.remove(temporary)
            throw JournalError(.giveUp, segment.path, (error as? JournalError)?.reason ?? error)
        }
        try JournalError.wrap(.giveUp, segment.path) { try HeldFolder.synchronize(nameOf: segment.path) }
        var replaced = segment
        replaced.bytes = writer.segment.bytes + (isPrinted ? Int64(JournalFrame.headerWords * 8) : 0)
        return replaced
    }

    /// Notes that the window was printed. Survives the process, not the machine: that is what a printed line does.
    package static func markPrinted(_ segment: Segment) throws(JournalError) {
        var words = [UInt64](repeating: 0, count: JournalFrame.headerWords)
        JournalFrame(kind: .printed, part: .max, index: 0, payload: 0, meaning: 0).seal(&words, nonce: segment.nonce)
        try JournalError.wrap(.write, segment.path) {
            let file = try HeldFolder.open(segment.path, O_WRONLY | O_APPEND)
            try file.closeAfter { unsafe try words.withUnsafeBytes { unsafe try file.writeAll($0) } }
        }
    }
}
