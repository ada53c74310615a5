// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowTestKit
import Foundation
import SystemPackage
import Testing

/// What is left of a segment after something happened to its bytes.
@Suite struct JournalDamageTests {
    let fixture: JournalFixture

    init() throws { fixture = try JournalFixture() }

    private func write(_ part: WindowPart) throws -> Segment {
        try #require(try fixture.journal.append(part, installation: Sample.installation, ports: Sample.ports))
    }

    /// The first header and the last three frames byte by byte, and between them every seventh byte: each byte of a word, in turn.
    private func places(in bytes: [UInt8]) -> [Int] {
        bytes.indices.filter { $0 < 40 || $0 % 7 == 0 || $0 >= bytes.count - 120 }
    }

    @Test func `a segment that is cut anywhere has its part whole, or as one that nobody released`() throws {
        let part = Sample.part(flows: 3)
        let segment = try write(part)
        let bytes = try fixture.bytes(of: segment)
        var whole = 0
        for length in places(in: bytes) {
            try fixture.put(Array(bytes[..<length]), into: segment)
            let content = try SegmentReader.read(segment)
            #expect(!content.isIntact || length == bytes.count - 40 || content.parts.isEmpty)
            guard content.parts.contains(where: \.isClosed) else { continue }
            whole += 1
            let window = try #require(JournaledWindow(content))
            #expect(window.closed.flows.count == 3 && window.closed.totals == part.totals)
        }
        // It is whole with the first of the two frames that close it.
        #expect(whole == 40)
    }

    @Test func `whatever byte is flipped, every packet is in a record or in overflow`() throws {
        let part = Sample.part(flows: 3)
        let segment = try write(part)
        let bytes = try fixture.bytes(of: segment)
        for place in places(in: bytes) { try flip(place, of: bytes, segment, part, leaving: [0, 3]) }
    }

    @Test func `a flipped bit costs the flows of its frame, and no others`() throws {
        let part = Sample.part(flows: 700)
        let segment = try write(part)
        let bytes = try fixture.bytes(of: segment)
        for place in stride(from: 0, to: bytes.count, by: 499) {
            try flip(place, of: bytes, segment, part, leaving: [18, 682, 700])
        }
    }

    private func flip(
        _ place: Int, of bytes: [UInt8], _ segment: Segment, _ part: WindowPart, leaving counts: [Int]
    ) throws {
        var flipped = bytes
        flipped[place] ^= 1 << UInt8(place % 8)
        try fixture.put(flipped, into: segment)
        let content = try SegmentReader.read(segment)
        #expect(!content.isIntact && content.isComplete, "byte \(place)")
        let window = try #require(JournaledWindow(content), "byte \(place)")
        let seen = part.totals.values.reduce(PacketCount.zero) { $0 + $1.seen }
        #expect(window.isDamaged && window.closed.violations.isEmpty && window.closed.seen == seen, "byte \(place)")
        #expect(counts.contains(window.closed.flows.count), "byte \(place)")
        #expect(window.ports == Sample.ports && window.closed.window == part.window)
    }

    @Test func `a part in the middle that is wiped out costs only itself`() throws {
        var generator = SplitMix64(seed: 9)
        var ends: [Int64] = []
        var seen = PacketCount.zero
        for index in 0..<3 as Range<UInt32> {
            let part = Sample.part(
                7 + index, first: 7, flows: 100, endReason: index == 2 ? .activeTimeout : nil, using: &generator)
            if index != 1 { seen += part.totals.values.reduce(.zero) { $0 + $1.seen } }
            _ = try fixture.journal.append(part, installation: 1, ports: Sample.ports)
            ends.append(try #require(try fixture.segments().first).bytes)
        }
        let segment = try #require(try fixture.segments().first)
        var bytes = try fixture.bytes(of: segment)
        for place in ends[0]..<ends[1] { bytes[Int(place)] = 0xA5 }
        try fixture.put(bytes, into: segment)
        let content = try SegmentReader.read(segment)
        #expect(content.damages == 1 && !content.isTorn && content.parts.count == 2)
        let window = try #require(JournaledWindow(content))
        #expect(window.closed.flows.count == 200 && window.closed.seen == seen && window.closed.violations.isEmpty)
    }

    @Test func `a packet that looks like a frame is none, wherever a reader has to search`() throws {
        let other = try write(Sample.part(1, flows: 5, seed: 2))
        let segment = try write(Sample.part(2, flows: 5))
        let forged = try fixture.bytes(of: other)
        try fixture.put(forged + [1, 2, 3] + (try fixture.bytes(of: segment)) + forged, into: segment)
        // Three bytes shift all that follows off the words, and what comes before has another nonce.
        #expect(try SegmentReader.read(segment).parts.isEmpty)
        try fixture.put(forged + (try fixture.bytes(of: segment)), into: segment)
        #expect(try SegmentReader.read(segment).parts.isEmpty)
    }

    @Test func `random bytes are damage, and no window`() throws {
        let segment = try write(Sample.part(flows: 5))
        var generator = SplitMix64(seed: 11)
        for length in [1, 7, 8, 39, 40, 41, 65_536, 200_001] {
            let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            try fixture.put(bytes, into: segment)
            let content = try SegmentReader.read(segment)
            #expect(!content.isIntact && content.parts.isEmpty && JournaledWindow(content) == nil)
        }
    }

    @Test func `a journal goes on behind what was torn`() throws {
        var generator = SplitMix64(seed: 5)
        let first = Sample.part(7, first: 7, flows: 50, endReason: nil, using: &generator)
        _ = try fixture.journal.append(first, installation: 1, ports: Sample.ports)
        let segment = try #require(try fixture.segments().first)
        let whole = try fixture.bytes(of: segment)
        try fixture.put(whole + whole.prefix(777), into: segment)
        let (journal, segments) = try Journal.open(fixture.folder)
        let content = try SegmentReader.read(segments[0])
        #expect(content.isTorn && !content.isComplete && content.parts.count == 1)
        try journal.resume(segments[0], content)
        let last = Sample.part(8, flows: 60)
        var part = last
        part.firstNumber = 7
        let complete = try #require(try journal.append(part, installation: 1, ports: Sample.ports))
        let again = try SegmentReader.read(complete)
        #expect(again.isIntact && again.isComplete && again.parts.map(\.flows.count) == [50, 60])
    }
}
