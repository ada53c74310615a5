// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import CopiedFrames
import FlowModel
import Testing

/// What a program writes into a ring, read.
@Suite struct CopiedFrameTests {
    /// As a program writes it, with the size to which it has padded it.
    private static func record(_ head: weir_copy, _ bytes: [UInt8], padded size: Int = 0) -> [UInt8] {
        let record = unsafe withUnsafeBytes(of: head) { unsafe Array($0) } + bytes
        return record + [UInt8](repeating: 0xee, count: max(0, size - record.count))
    }

    private static func head(kept: UInt32, length: UInt32) -> weir_copy {
        var head = weir_copy()
        (head.cause, head.direction) = (UInt8(WEIR_COPY_SESSION.rawValue), 1)
        (head.kept, head.length, head.port, head.session) = (numericCast(kept), length, 7, 300)
        (head.time_ns, head.ruling, head.rule) = (0x1122_3344_5566_7788, 3, 12)
        (head.packets, head.samples, head.pool) = (1, 1, 0)
        return head
    }

    private static let frame = (0..<60).map { UInt8($0) }

    @Test func `a record is read field by field, and what pads it is left out`() throws {
        let record = Self.record(Self.head(kept: 60, length: 1514), Self.frame, padded: 256)
        var expected = CopiedFrame(.session, port: PortNumber(7), direction: .egress, bytes: Self.frame)
        (expected.time, expected.label) = (MonotonicTime(nanoseconds: 0x1122_3344_5566_7788), 300)
        (expected.ruling, expected.rule, expected.length) = (.drop, 12, 1514)
        let frame = try #require(CopiedFrame(record))
        #expect(frame == expected && frame.wireBytes == Self.frame && frame.wireLength == 1514)
    }

    @Test func `a tag that lay beside the frame is put behind its addresses`() throws {
        var head = Self.head(kept: 60, length: 60)
        (head.has_vlan, head.vlan_tci) = (1, 0x6064)
        let frame = try #require(CopiedFrame(Self.record(head, Self.frame)))
        let tag: [UInt8] = [0x81, 0x00, 0x60, 0x64]
        #expect(Array(frame.wireBytes[12..<16]) == tag && frame.wireLength == 64)
        #expect(Array(frame.wireBytes[..<12]) + Array(frame.wireBytes[16...]) == Self.frame)
        // What is too short for a tag stays as it is.
        head.kept = 11
        #expect(CopiedFrame(Self.record(head, Self.frame))?.wireBytes == Array(Self.frame.prefix(11)))
    }

    @Test func `what names more bytes than there are has those that are there, and what is no record is none`() {
        let head = Self.head(kept: .max, length: 0)
        #expect(CopiedFrame(Self.record(head, Self.frame))?.bytes == Self.frame)
        #expect(CopiedFrame(Self.record(head, Self.frame))?.length == 60)
        #expect(CopiedFrame(Self.record(head, []))?.bytes == [])
        #expect(CopiedFrame([]) == nil && CopiedFrame(Self.record(head, []).dropLast()) == nil)
        var other = head
        other.direction = 2
        #expect(CopiedFrame(Self.record(other, [])) == nil)
        other = head
        other.cause = 9
        #expect(CopiedFrame(Self.record(other, [])) == nil)
    }
}
