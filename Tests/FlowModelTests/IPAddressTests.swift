// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Glibc
import Testing

/// Parsing and description against the C library's inet_pton.
@Suite struct IPAddressTests {
    @Test func `Random IPv4 addresses go through text and back`() {
        for value in [0, .max] + (0..<2_000).map({ _ in UInt32.random(in: 0...(.max)) }) {
            let address = IPAddress(v4: value)
            #expect(bytes(of: address.description) == bytes(of: address))
            #expect(IPAddress(address.description) == address)
        }
    }

    @Test func `Random IPv6 addresses go through text and back`() {
        for _ in 0..<5_000 {
            let address = randomIPv6()
            #expect(bytes(of: address.description) == bytes(of: address))
            #expect(IPAddress(address.description) == address)
        }
    }

    @Test(arguments: [
        "192.0.2.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04",
        "00.0.0.0",
        "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "+1.2.3.4", "1..2.3", "1.2.3.", ".1.2.3", "0x1.2.3.4", "", "1", "a.b.c.d",
        "::", "::1", "1::", "1::8", ":", ":::", "::1::", "1::2::3", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7",
        "::2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:8:9", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8::", ":1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:", "12345::", "g::", "::ffff:192.0.2.1", "::192.0.2.1", "64:ff9b::192.0.2.33",
        "1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:7:192.0.2.1", "192.0.2.1::", "::192.0.2.1:1", "1:192.0.2.1::", "::1.2.3",
        "::1.2.3.256", "fe80::1%eth0", "2001:DB8::A", "2001:db8::/32", "::ffff:01.2.3.4", "1:2:3:4:5:6:1.2.3.4:8",
    ])
    func `What inet_pton reads is read alike, and what it refuses is refused`(text: String) {
        #expect(IPAddress(text).map(bytes(of:)) == bytes(of: text))
    }

    @Test func `A changed character is read as inet_pton reads it`() throws {
        let characters = Array("0123456789abcdefF:.%g /+-")
        for _ in 0..<10_000 {
            var text = Array((Bool.random() ? randomIPv6() : IPAddress(v4: .random(in: 0...(.max)))).description)
            let index = try #require(text.indices.randomElement())
            let other = try #require(characters.randomElement())
            if Bool.random() { text[index] = other } else { text.insert(other, at: index) }
            #expect(IPAddress(String(text)).map(bytes(of:)) == bytes(of: String(text)), "\(String(text))")
        }
    }

    @Test func `Only ::ffff:0:0/96 is a mapped IPv4 address`() {
        #expect(IPAddress("::ffff:192.0.2.1")?.isMappedV4 == true)
        #expect(IPAddress("::1:ffff:192.0.2.1")?.isMappedV4 == false)
        #expect(IPAddress("::192.0.2.1")?.isMappedV4 == false)
        #expect(IPAddress("192.0.2.1")?.isMappedV4 == false)
    }
}

/// Half of the groups are zero.
private func randomIPv6() -> IPAddress {
    func half() -> UInt64 {
        (0..<4).reduce(0) { value, _ in value << 16 | (Bool.random() ? 0 : UInt64.random(in: 0...0xFFFF)) }
    }
    return IPAddress(v6High: half(), low: half())
}

private func bytes(of address: IPAddress) -> [UInt8] {
    switch address.version {
    case .v4: (0..<4).map(address.byte)
    case .v6: (0..<8).flatMap { [UInt8(address.group($0) >> 8), UInt8(truncatingIfNeeded: address.group($0))] }
    }
}

/// What inet_pton reads; nil where it refuses.
private func bytes(of text: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    if unsafe inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes[..<4]) }
    return unsafe inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
}
