// SPDX-License-Identifier: Apache-2.0

import CopiedFrames
import FlowModel
import Testing

/// Blocks byte by byte, as the figures of draft-ietf-opsawg-pcapng have them.
@Suite struct PcapNGTests {
    /// Of words of hexadecimal digits; what follows `--` on a line says what they are.
    private static func bytes(_ text: String) -> [UInt8] {
        text.split(separator: "\n").flatMap { line -> [UInt8] in
            let words = line[..<(line.firstRange(of: "--")?.lowerBound ?? line.endIndex)]
            let digits = Array(words.filter(\.isHexDigit))
            return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0..<$0 + 2]), radix: 16) ?? 0 }
        }
    }

    @Test func `a section begins with its byte order and says what wrote it`() {
        let expected = Self.bytes(
            """
            0a 0d 0d 0a -- Block Type, the same in both orders (Figure 9)
            3c 00 00 00 -- Block Total Length: 60
            4d 3c 2b 1a -- Byte-Order Magic
            01 00 00 00 -- version 1.0
            ff ff ff ff ff ff ff ff -- Section Length: not said
            02 00 03 00 78 38 36 00 -- shb_hardware: x86
            03 00 05 00 4c 69 6e 75 78 00 00 00 -- shb_os: Linux
            04 00 04 00 77 65 69 72 -- shb_userappl: weir
            00 00 00 00 -- opt_endofopt
            3c 00 00 00
            """)
        #expect(PcapNG.header(hardware: "x86", system: "Linux", application: "weir") == expected)
    }

    @Test func `an interface has its name, its description, a filter, and times in nanoseconds`() {
        var interface = PcapNG.Interface(name: "tap7", description: "vm ä")
        (interface.filter, interface.packetLength) = ("in", 128)
        let expected = Self.bytes(
            """
            01 00 00 00 -- Block Type (Figure 10)
            3c 00 00 00
            01 00 00 00 -- LinkType: Ethernet; Reserved
            80 00 00 00 -- SnapLen
            02 00 04 00 74 61 70 37 -- if_name
            03 00 05 00 76 6d 20 c3 a4 00 00 00 -- if_description
            09 00 01 00 09 00 00 00 -- if_tsresol: 10^-9
            0b 00 03 00 00 69 6e 00 -- if_filter: text
            00 00 00 00
            3c 00 00 00
            """)
        #expect(PcapNG.block(of: interface) == expected)
    }

    @Test func `a packet has its time, both lengths, its bytes padded, comments, direction and losses`() {
        let time = UnixTime(nanoseconds: 0x1122_3344_5566_7788)
        var packet = PcapNG.Packet(interface: 2, time: time, way: .outbound, bytes: [1, 2, 3, 4, 5], length: 1514)
        (packet.comments, packet.lost) = (["REJECT", "x"], 3)
        let expected = Self.bytes(
            """
            06 00 00 00 -- Block Type (Figure 11)
            54 00 00 00
            02 00 00 00 -- Interface ID
            44 33 22 11 88 77 66 55 -- Timestamp: upper, lower
            05 00 00 00 -- Captured Packet Length
            ea 05 00 00 -- Original Packet Length
            01 02 03 04 05 00 00 00 -- Packet Data
            01 00 06 00 52 45 4a 45 43 54 00 00 -- opt_comment
            01 00 01 00 78 00 00 00 -- opt_comment
            02 00 04 00 02 00 00 00 -- epb_flags: outbound
            04 00 08 00 03 00 00 00 00 00 00 00 -- epb_dropcount
            00 00 00 00
            54 00 00 00
            """)
        #expect(PcapNG.block(of: packet) == expected)
    }

    @Test func `statistics have the time that they are of, and what became of the packets`() {
        let (begin, end) = (UnixTime(nanoseconds: 1 << 32), UnixTime(nanoseconds: 2 << 32 + 9))
        var statistics = PcapNG.Statistics(interface: 1, begin: begin, end: end)
        (statistics.received, statistics.dropped, statistics.written) = (12, 2, 10)
        let expected = Self.bytes(
            """
            05 00 00 00 -- Block Type (Figure 14)
            58 00 00 00
            01 00 00 00 -- Interface ID
            02 00 00 00 09 00 00 00 -- Timestamp
            02 00 08 00 01 00 00 00 00 00 00 00 -- isb_starttime
            03 00 08 00 02 00 00 00 09 00 00 00 -- isb_endtime
            04 00 08 00 0c 00 00 00 00 00 00 00 -- isb_ifrecv
            05 00 08 00 02 00 00 00 00 00 00 00 -- isb_ifdrop
            08 00 08 00 0a 00 00 00 00 00 00 00 -- isb_usrdeliv
            00 00 00 00
            58 00 00 00
            """)
        #expect(PcapNG.block(of: statistics) == expected)
    }

    @Test func `a text that no option has room for is cut between two characters`() {
        let text = String(repeating: "ä", count: 40_000)
        let block = PcapNG.block(of: PcapNG.Interface(name: text))
        // Type, length, body, then the option's code and length.
        #expect(Array(block[16..<20]) == [2, 0, 0xfe, 0xff])
        #expect(String(validating: block[20..<(20 + 0xfffe)], as: UTF8.self) == String(repeating: "ä", count: 32_767))
        #expect(block.count % 4 == 0)
    }
}
