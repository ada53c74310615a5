// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowTestKit
import Foundation
import SystemPackage
import Testing

@Suite struct JournalTests {
    let fixture: JournalFixture

    init() throws { fixture = try JournalFixture() }

    /// 682 flows fill a frame.
    @Test(arguments: [0, 1, 681, 682, 683, 5000])
    func `a part comes back as it was written`(flows: Int) throws {
        let part = Sample.part(flows: flows)
        let segment = try #require(
            try fixture.journal.append(part, installation: Sample.installation, ports: Sample.ports))
        let content = try SegmentReader.read(segment)
        #expect(content.isIntact && content.isComplete && !content.isPrinted && content.parts.count == 1)
        let description = try #require(content.parts[0].description)
        #expect(description == PartDescription(part, installation: Sample.installation, ports: Sample.ports))
        #expect(content.parts[0].flows.records == part.flows.records)
        let window = try #require(JournaledWindow(content))
        #expect(window.closed.window == part.window && window.closed.totals == part.totals)
        #expect(window.closed.anchor == part.anchor && window.ports == Sample.ports)
        #expect(window.closed.violations.isEmpty && !window.isDamaged)
        #expect(try fixture.bytes(of: segment).count == Int(segment.bytes))
    }

    @Test func `the checksum of a frame is the one that Python computes by zlib`() throws {
        let segment = try #require(
            try fixture.journal.append(Sample.part(flows: 1500), installation: 1, ports: Sample.ports))
        let python = """
            import struct, sys, zlib
            bytes, start, frames = open(sys.argv[1], "rb").read(), 0, 0
            while start < len(bytes):
                words = struct.unpack_from("<5Q", bytes, start)
                end = start + 40 + 8 * (words[3] & 0xFFFFFFFF)
                if words[4] != zlib.crc32(bytes[start + 40:end], zlib.crc32(bytes[start:start + 32])):
                    sys.exit(1)
                start, frames = end, frames + 1
            print(frames)
            """
        // Two descriptions, three of flows, two closings.
        #expect(try ChildProcess.run(["python3", "-c", python, segment.path.string]) == "7\n")
    }

    /// Written by Python as versions before the names of machines and projects wrote it, and as those before stand-ins.
    @Test(arguments: [false, true]) func `a journal of an earlier version is read`(hasCoverage: Bool) throws {
        let segment = try #require(
            try fixture.journal.append(Sample.part(flows: 1), installation: 1, ports: [:]))
        let python = """
            import struct, sys, zlib
            def text(value):
                return struct.pack("<H", 65535) if value is None else struct.pack("<H", len(value)) + value
            head = struct.pack("<QIIqqBBqqQQ", 9, 5, 5, 1000020000000000, 1000080000000000, 2, 0, 100, 1000020000000000, 0, 0)
            ports = struct.pack("<I", 1) + struct.pack("<HB", 7, 0) + text(b"tap7")
            ports += b"".join(text(value) for value in [b"12", b"eni-7", None, None, b"i-7", None, None, None, None])
            rest = struct.pack("<I", 0)
            if sys.argv[3] == "true":
                rest += struct.pack("<III", 0, 0, 0) + struct.pack("<IH", 1, 7) + text(b"a program was detached")
            bytes = head + ports + rest
            bytes += b"\\0" * (-len(bytes) % 8)
            def frame(kind, index, payload, meaning):
                words = struct.pack("<IHHQIIII", 0x52454957, kind, 2, int(sys.argv[2], 16), 0, index, len(payload) // 8, meaning)
                return words + struct.pack("<Q", zlib.crc32(payload, zlib.crc32(words))) + payload
            with open(sys.argv[1], "wb") as file:
                file.write(frame(1, 0, bytes, 1) + frame(3, 0, bytes, 1) + frame(4, 0, b"", 0) + frame(4, 1, b"", 0))
            """
        let nonce = String(segment.nonce, radix: 16)
        _ = try ChildProcess.run(["python3", "-c", python, segment.path.string, nonce, "\(hasCoverage)"])
        let content = try SegmentReader.read(segment)
        #expect(content.isIntact && content.isComplete && content.parts.count == 1)
        let port = Port(
            number: PortNumber(7), name: "tap7", role: .guest,
            identity: PortIdentity(accountID: "12", interfaceID: "eni-7", instanceID: "i-7"),
            coverage: hasCoverage ? .interrupted("a program was detached") : .whole)
        #expect(JournaledWindow(content)?.ports == [PortNumber(7): port])
    }

    @Test func `a register of four thousand ports with long names fits`() throws {
        let name = String(repeating: "x", count: 128)
        let identity = PortIdentity(
            accountID: name, interfaceID: name, vpcID: name, subnetID: name, instanceID: name, instanceName: name,
            projectID: name, projectName: name)
        let ports = Dictionary(
            uniqueKeysWithValues: (1...4095).map { number in
                let number = PortNumber(UInt16(number))
                return (number, Port(number: number, name: "tap\(number)", role: .guest, identity: identity))
            })
        let segment = try #require(
            try fixture.journal.append(Sample.part(flows: 10), installation: 1, ports: ports))
        #expect(JournaledWindow(try SegmentReader.read(segment))?.ports == ports)
    }

    @Test func `the parts of a window are one segment, and one window`() throws {
        var generator = SplitMix64(seed: 3)
        let parts = (0..<3).map { index in
            Sample.part(
                UInt32(7 + index), first: 7, flows: 1000, endReason: index == 2 ? .forcedEnd : nil, using: &generator)
        }
        for part in parts.dropLast() {
            #expect(try fixture.journal.append(part, installation: 9, ports: Sample.ports) == nil)
        }
        #expect(fixture.journal.openBytes > 0)
        let segment = try #require(try fixture.journal.append(parts[2], installation: 9, ports: Sample.ports))
        #expect(fixture.journal.openBytes == 0)
        #expect(try fixture.segments() == [segment])
        let window = try #require(JournaledWindow(try SegmentReader.read(segment)))
        #expect(window.closed.flows.count == 3000 && window.closed.parts == 3 && window.closed.violations.isEmpty)
        #expect(window.closed.window.number == 9 && window.closed.window.endReason == .forcedEnd)
        let seen = parts.reduce(PacketCount.zero) { $0 + $1.totals.values.reduce(.zero) { $0 + $1.seen } }
        #expect(window.closed.seen == seen)
    }

    @Test func `windows have segments of their own, in their order, for this user alone`() throws {
        var names: [String] = []
        for number in 1...20 as ClosedRange<UInt32> {
            let segment = try fixture.journal.append(
                Sample.part(number, flows: 3), installation: 1, ports: Sample.ports)
            names.append(try #require(segment).name)
        }
        #expect(try fixture.segments().map(\.name) == names)
        let file = try fixture.segments()[0].path.string
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let folder = try FileManager.default.attributesOfItem(atPath: fixture.folder.string)[.posixPermissions]
        #expect(folder as? Int == 0o700)
        #expect(try Journal.open(fixture.folder).journal.folder == fixture.folder)
    }

    @Test func `a journal that is opened again goes on counting its segments`() throws {
        _ = try fixture.journal.append(Sample.part(1, flows: 3), installation: 1, ports: [:])
        let again = try Journal.open(fixture.folder).journal
        let second = try #require(try again.append(Sample.part(2, flows: 3), installation: 1, ports: [:]))
        #expect(try fixture.segments().map(\.sequence) == [1, 2] && second.sequence == 2)
    }

    @Test func `a window whose flows are given up is its totals, all of them overflow but what is no flow`() throws {
        let part = Sample.part(flows: 2000)
        let segment = try #require(try fixture.journal.append(part, installation: 1, ports: Sample.ports))
        try SegmentWriter.markPrinted(segment)
        let (short, flows, packets) = try Journal.giveUp(segment)
        #expect(flows == part.flows.count)
        #expect(packets == part.flows.recorded.values.reduce(PacketCount.zero) { $0 + $1 })
        #expect(short.name == segment.name && short.bytes < 4096)
        #expect(try fixture.segments() == [short])
        let window = try #require(JournaledWindow(try SegmentReader.read(short)))
        #expect(window.flowsGivenUp == flows && window.isPrinted && !window.isDamaged)
        #expect(window.closed.flows.isEmpty && window.closed.violations.isEmpty)
        #expect(window.closed.seen == part.totals.values.reduce(.zero) { $0 + $1.seen })
        #expect(window.closed.window == part.window && window.ports == Sample.ports)
        let noise = part.totals.values.reduce(PacketCount.zero) { $0 + $1.notIP + $1.malformed }
        #expect(window.closed.overflow + noise == window.closed.seen)
        // Once more changes nothing.
        let again = try Journal.giveUp(short)
        #expect(again.flows == 0)
        #expect(JournaledWindow(try SegmentReader.read(short))?.flowsGivenUp == flows)
    }

    @Test func `what was printed is known`() throws {
        let segment = try #require(
            try fixture.journal.append(Sample.part(flows: 5), installation: 1, ports: Sample.ports))
        try SegmentWriter.markPrinted(segment)
        let content = try SegmentReader.read(segment)
        #expect(content.isPrinted && content.isIntact && content.isComplete && content.parts.count == 1)
    }

    @Test func `a file that was being made is removed, and other files are left alone`() throws {
        let half = fixture.folder.appending("0000000000000001-0000000000000002.window.new")
        let other = fixture.folder.appending("notes.txt")
        for path in [half, other] { try Data([1]).write(to: URL(filePath: path.string)) }
        #expect(try fixture.segments().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: half.string))
        #expect(FileManager.default.fileExists(atPath: other.string))
    }

    @Test func `a folder that cannot be made is said in a sentence`() throws {
        let error = #expect(throws: JournalError.self) { _ = try Journal.open("/dev/null/journal") }
        #expect(
            error?.description == """
                cannot keep a journal in /dev/null/journal: not a directory; move the file away that stands where a \
                folder must be, or use --state-dir
                """)
    }
}
