// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowFormats
import FlowModel
import FlowTestKit
import Foundation
import Testing

/// What decodes the members is gzip(1) and Python's gzip, which have zlib's inflate and another of their own.
@Suite(.enabled(if: KernelAccess.isExpected)) struct GzipCompressorTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Around the window of deflate, a stored block's length, and what is compressed as one block.
    private static let sizes = [
        0, 1, 2, 31, 258, 32_767, 32_768, 32_769, 65_534, 65_535, 65_536, 65_537, 131_070, 131_071, 262_144, 1_048_575,
        1_048_576, 1_048_577,
    ]

    private static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    private static func digits(_ count: Int) -> [UInt8] { noise(count).map { UInt8(ascii: "0") + $0 % 10 } }

    /// AWS lines of flows that have nothing in common.
    private static func lines(_ count: Int) -> [UInt8] {
        var generator = SplitMix64(seed: 2)
        let window = window(examplePeriod)
        return (0..<count).reduce(into: []) { bytes, _ in
            let (address, ports, counts) = (generator.next(), generator.next(), generator.next())
            let key = FlowKey(
                port: port().number, direction: .egress, transport: ports >> 40 & 3 == 0 ? 17 : 6,
                source: IPAddress(v4: 0x0A00_0000 | UInt32(address & 0xFFFF)),
                destination: IPAddress(v4: UInt32(address >> 32)), sourcePort: UInt16(ports & 0xFFFF),
                destinationPort: UInt16(ports >> 16 & 0xFFFF))
            let packets = 1 + counts & 0xFF
            let record = FlowRecord(
                port: port(), window: window, key: key,
                count: PacketCount(packets: packets, octets: packets * (40 + counts >> 32 & 1023)),
                first: window.start, last: window.start.advanced(by: .seconds(Int64(counts >> 50 & 31))))
            AWSTextFormat.default.append(.flow(record), to: &bytes)
        }
    }

    /// Writes both, and has the witnesses compare them.
    private func expect(_ members: [UInt8], toHold bytes: [UInt8]) throws {
        let packed = directory.url.appending(path: "packed.gz")
        let plain = directory.url.appending(path: "plain")
        try Data(members).write(to: packed)
        try Data(bytes).write(to: plain)
        try Command.run("gzip", "-t", packed.path)
        try Command.run("sh", "-c", "gzip -dc '\(packed.path)' | cmp - '\(plain.path)'")
        let python = "import gzip,sys; sys.exit(gzip.open(sys.argv[1]).read() != open(sys.argv[2], 'rb').read())"
        try Command.run("python3", "-c", python, packed.path, plain.path)
    }

    @Test(arguments: sizes) func `A member of any length is read by gzip and by Python`(size: Int) throws {
        var compressor = GzipCompressor()
        let contents = [Self.noise(size), Self.digits(size), [UInt8](repeating: 0, count: size)]
        try expect(contents.flatMap { Array(compressor.compress($0)) }, toHold: contents.flatMap(\.self))
    }

    @Test func `Members behind one another are one file, empty ones among them`() throws {
        var compressor = GzipCompressor()
        let contents = [Self.lines(3000), [], Self.noise(70_000), Self.digits(1), [], Self.lines(10)]
        let members = contents.flatMap { Array(compressor.compress($0)) }
        try expect(members, toHold: contents.flatMap(\.self))
    }

    @Test func `A member does not depend on those before`() {
        var (used, fresh) = (GzipCompressor(), GzipCompressor())
        _ = used.compress(Self.noise(300_000))
        _ = used.compress(Self.lines(2000))
        #expect(used.compress(Self.lines(1000)) == fresh.compress(Self.lines(1000)))
    }

    /// RFC 1952 §2.3; the checksum of these digits is the one by which implementations of CRC-32 are checked.
    @Test func `Header and trailer are those of the RFC`() {
        var compressor = GzipCompressor()
        let member = Array(compressor.compress(Array("123456789".utf8)))
        // Magic, deflate, no flags, no time, no extra flags, unknown operating system.
        #expect(member.prefix(10) == [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])
        #expect(member.suffix(8) == [0x26, 0x39, 0xF4, 0xCB, 9, 0, 0, 0])
    }

    @Test func `Bytes that cannot be compressed grow by no more than their blocks' headers`() {
        var compressor = GzipCompressor()
        #expect(compressor.compress(Self.noise(65_535)).count <= 65_535 + 5 + 18)
        #expect(compressor.compress(Self.noise(1_048_576)).count <= 1_048_576 + 17 * 5 + 18)
    }

    @Test func `Lines take no more room than by zlib's first level`() throws {
        var compressor = GzipCompressor()
        let lines = Self.lines(2300)
        let plain = directory.url.appending(path: "plain")
        try Data(lines).write(to: plain)
        let python = "import sys,zlib; print(len(zlib.compress(open(sys.argv[1], 'rb').read(), 1)))"
        let byZlib = try Command.run("python3", "-c", python, plain.path)
        #expect(try compressor.compress(lines).count <= #require(Int(byZlib.dropLast())))
    }
}
