// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import Glibc
import Testing

/// Integers against the standard library, addresses against the C library.
@Suite struct TextWriterTests {
    @Test func `Unsigned numbers of every length print as the standard library prints them`() {
        var values: [UInt64] = [0, .max]
        var power: UInt64 = 1
        for _ in 0..<20 {
            values += [power - 1, power, power + 1]
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
        values += (0..<10_000).map { _ in UInt64.random(in: 0...(.max)) >> UInt64.random(in: 0..<64) }
        for value in values {
            #expect(text { $0.appendDecimal(value) } == String(value))
        }
    }

    @Test(arguments: [0, 1, -1, 1_418_530_010, -1_418_530_010, .max, .min] as [Int64])
    func `Signed numbers print as the standard library prints them`(value: Int64) {
        #expect(text { $0.appendDecimal(value) } == String(value))
    }

    @Test func `IPv4 addresses print as inet_ntop prints them`() throws {
        for value in [0, .max, 0x7F00_0001] + (0..<5_000).map({ _ in UInt32.random(in: 0...(.max)) }) {
            let address = IPAddress(v4: value)
            let expected = try cText(of: address)
            #expect(text { $0.appendAddress(address) } == expected)
        }
    }

    @Test func `IPv6 addresses with zeros anywhere print as inet_ntop prints them`() throws {
        for _ in 0..<20_000 {
            let address = randomIPv6()
            // ::1.2.3.4 was deprecated by RFC 4291 §2.5.5.1; the C library still prints it so.
            if address.high == 0, address.low >> 32 == 0 { continue }
            let expected = try cText(of: address)
            #expect(text { $0.appendAddress(address) } == expected)
            #expect(address.description == expected)
        }
    }

    /// RFC 5952 §4 and §5, and the ends of the range.
    @Test(arguments: [
        "::", "::1", "1::", "2001:db8::1", "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "2001:db8::1:0:0:1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:192.0.2.1", "fe80::1234:5678:9abc:def0",
    ])
    func `IPv6 addresses have the one text that RFC 5952 allows`(expected: String) throws {
        let address = try #require(IPAddress(expected))
        #expect(text { $0.appendAddress(address) } == expected)
    }

    @Test func `An Ethernet address prints as six pairs of digits`() {
        #expect(text { $0.appendMAC(MACAddress(0x0200_5E00_53AF)) } == "02:00:5e:00:53:af")
    }
}

private func text(_ append: (inout [UInt8]) -> Void) -> String {
    var bytes: [UInt8] = []
    append(&bytes)
    return String(decoding: bytes, as: UTF8.self)
}

/// Half of the groups are zero, others of any length.
private func randomIPv6() -> IPAddress {
    func half() -> UInt64 {
        (0..<4).reduce(0) { value, _ in
            let group = UInt64.random(in: 0...0xFFFF) >> UInt64.random(in: 0..<16)
            return value << 16 | (Bool.random() ? 0 : group)
        }
    }
    return IPAddress(v6High: half(), low: half())
}

private func cText(of address: IPAddress) throws -> String {
    let bytes: [UInt8] =
        switch address.version {
        case .v4: (0..<4).map(address.byte)
        case .v6: (0..<8).flatMap { [UInt8(address.group($0) >> 8), UInt8(truncatingIfNeeded: address.group($0))] }
        }
    let family = address.version == .v4 ? AF_INET : AF_INET6
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let written = unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil
    try #require(written)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
