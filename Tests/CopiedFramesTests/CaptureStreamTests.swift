// SPDX-License-Identifier: Apache-2.0

import CopiedFrames
import FlowModel
import FlowTestKit
import Foundation
import Testing

/// Files of captures, as tshark reads them.
@Suite struct CaptureStreamTests {
    private static let frame = Frame(
        .ethernet(), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .udp(from: 1000, to: 53), .payload(80)
    ).bytes
    private static let begin = UnixTime(nanoseconds: 1_795_000_000_000_000_001)

    private static func stream() -> CaptureStream {
        CaptureStream(
            CaptureStream.Writer(
                hardware: "x86_64", system: "Linux 6.6", application: "weir", filter: "direction IN", packetLength: 96),
            begin: begin)
    }

    private static func copy(_ port: UInt16, _ direction: Direction, kept: Int = 200) -> CopiedFrame {
        var copy = CopiedFrame(
            .session, port: PortNumber(port), direction: direction, bytes: Array(frame.prefix(kept)))
        copy.length = UInt32(frame.count)
        return copy
    }

    /// What tshark prints of the fields of each packet; of the blocks of the file itself where it is read as such.
    private static func fields(_ file: [UInt8], _ names: [String], ofBlocks: Bool = false) throws -> [[String]] {
        let url = FileManager.default.temporaryDirectory.appending(path: "weir-\(UUID().uuidString).pcapng")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(file).write(to: url)
        let format = ofBlocks ? ["-X", "read_format:MIME Files Format"] : []
        let output = try ChildProcess.run(
            ["tshark", "-n", "-r", url.path] + format + ["-T", "fields", "-E", "separator=|", "-E", "occurrence=a"]
                + names.flatMap { ["-e", $0] }, within: .seconds(120))
        return output.split(separator: "\n").map {
            $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
    }

    @Test func `tshark finds interfaces, times, directions, comments, lengths and losses`() throws {
        var stream = Self.stream()
        var web = CapturedPort(number: PortNumber(7), name: "tap7", machine: "web1", project: "shop")
        stream.take([web, CapturedPort(number: PortNumber(9), name: "tap9")])
        var file = stream.openFile()
        var first = Self.copy(7, .egress)
        (first.ruling, first.rule) = (.accept, 12)
        file += stream.blocks(of: first, at: Self.begin, rule: "web/https")
        (web.received, web.lost) = (5, 3)
        stream.take([web])
        var second = Self.copy(7, .ingress, kept: 96)
        (second.ruling, second.tag) = (.drop, 0x6064)
        file += stream.blocks(of: second, at: Self.begin.advanced(by: .nanoseconds(1)), rule: nil)
        var third = Self.copy(9, .ingress)
        (third.ruling, third.rule, third.segment, third.packets) = (.reject, 4, 1448, 45)
        file += stream.blocks(of: third, at: Self.begin.advanced(by: .seconds(1)), rule: nil)
        file += stream.blocks(of: Self.copy(7, .egress), at: Self.begin.advanced(by: .seconds(2)), rule: nil)
        file += stream.closeFile(at: Self.begin.advanced(by: .seconds(3)))
        let rows = try Self.fields(
            file,
            [
                "frame.interface_name", "frame.interface_description", "frame.time_epoch",
                "frame.packet_flags_direction", "frame.comment", "frame.cap_len", "frame.len", "frame.drop_count",
                "vlan.id", "udp.dstport",
            ])
        let length = Self.frame.count
        #expect(
            rows == [
                [
                    "tap7", "machine web1, project shop", "1795000000.000000001", "0x00000002",
                    "ACCEPT by rule web/https", "\(length)", "\(length)", "", "", "53",
                ],
                [
                    "tap7", "machine web1, project shop", "1795000000.000000002", "0x00000001", "REJECT", "100",
                    "\(length + 4)", "3", "100", "53",
                ],
                [
                    "tap9", "", "1795000001.000000001", "0x00000001",
                    "REJECT by rule 4, passed: the port is audited,45 packets on the wire, each with 1448 bytes of the payload",
                    "\(length)", "\(length)", "", "", "53",
                ],
                [
                    "tap7", "machine web1, project shop", "1795000002.000000001", "0x00000002", "", "\(length)",
                    "\(length)", "", "", "53",
                ],
            ])
    }

    @Test func `each file can be read by itself, and ends with the statistics of all ports`() throws {
        var stream = Self.stream()
        let web = CapturedPort(number: PortNumber(7), name: "tap7")
        stream.take([web])
        _ = stream.openFile()
        _ = stream.blocks(of: Self.copy(7, .egress), at: Self.begin, rule: nil)
        _ = stream.closeFile(at: Self.begin)
        var file = stream.openFile()
        // Whose that is was not said.
        file += stream.blocks(of: Self.copy(8, .egress), at: Self.begin, rule: nil)
        // A port of that number is another one now.
        file += stream.blocks(of: Self.copy(7, .egress), at: Self.begin, rule: nil)
        var other = CapturedPort(number: PortNumber(7), name: "tap70")
        (other.received, other.lost) = (12, 2)
        stream.take([other, CapturedPort(number: PortNumber(9), name: "tap9")])
        file += stream.blocks(of: Self.copy(7, .egress), at: Self.begin, rule: nil)
        file += stream.closeFile(at: Self.begin.advanced(by: .seconds(3)))
        let names = try Self.fields(file, ["frame.interface_name"])
        #expect(names == [["port 8"], ["tap7"], ["tap70"]])
        let prefix = "pcapng.options.option.data."
        let blocks = try Self.fields(
            file,
            ["pcapng.block.type"]
                + ["user_application", "interface.name", "interface.filter.string", "interface.received"].map {
                    prefix + $0
                }
                + ["interface.dropped", "interface.delivered_to_user"].map { prefix + $0 }, ofBlocks: true)
        let block = try #require(blocks.first)
        #expect(blocks.count == 1)
        #expect(
            block
                == [
                    ["0x0a0d0d0a", "0x00000001", "0x00000006", "0x00000001", "0x00000006", "0x00000001", "0x00000006"]
                        + ["0x00000001", "0x00000005", "0x00000005", "0x00000005"],
                    ["weir"], ["port 8", "tap7", "tap70", "tap9"], Array(repeating: "direction IN", count: 4),
                    ["12", "0", "0"], ["2", "0", "0"], ["3", "1", "0"],
                ].map { $0.joined(separator: ",") })
    }
}
