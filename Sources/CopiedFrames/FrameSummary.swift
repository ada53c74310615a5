// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What a frame is: its addresses, transport and ports, as far as they are in its bytes. Nothing that it says is trusted beyond them.
package struct FrameSummary: Equatable, Sendable {
    /// Id of the outermost tag; nil: it has none.
    package private(set) var vlan: UInt16?
    /// Of what the frame carries; nil: it is too short.
    package private(set) var etherType: UInt16?
    package private(set) var source: IPAddress?
    package private(set) var destination: IPAddress?
    /// IANA's number, behind IPv6's extension headers.
    package private(set) var transport: UInt8?
    /// Of ICMP and ICMPv6 the type and the code. A later fragment has none.
    package private(set) var ports: Ports?
    private var addresses: [UInt8] = []

    package struct Ports: Equatable, Sendable {
        package var source: UInt16
        package var destination: UInt16
    }

    private static let vlanTypes: Set<UInt16> = [0x8100, 0x88a8]
    private static let mostTags = 3
    private static let mostExtensions = 8

    /// - Parameter frame: from the Ethernet header on.
    package init(_ frame: [UInt8]) {
        addresses = Array(frame.prefix(12))
        var place = 12
        var tags = 0
        while let type = frame.number(at: place, of: 2), Self.vlanTypes.contains(UInt16(type)), tags < Self.mostTags {
            if vlan == nil { vlan = frame.number(at: place + 2, of: 2).map { UInt16($0) & 0xfff } }
            place += 4
            tags += 1
        }
        etherType = frame.number(at: place, of: 2).map { UInt16($0) }
        switch etherType {
        case 0x0800: readIPv4(frame, place + 2)
        case 0x86dd: readIPv6(frame, place + 2)
        default: break
        }
    }

    private mutating func readIPv4(_ frame: [UInt8], _ start: Int) {
        guard let first = frame.number(at: start, of: 1), first >> 4 == 4, first & 15 >= 5,
            let fragment = frame.number(at: start + 6, of: 2), let transport = frame.number(at: start + 9, of: 1),
            let from = frame.number(at: start + 12, of: 4), let to = frame.number(at: start + 16, of: 4)
        else { return }
        (source, destination) = (IPAddress(v4: UInt32(from)), IPAddress(v4: UInt32(to)))
        self.transport = UInt8(transport)
        if fragment & 0x1fff == 0 { readPorts(frame, start + Int(first & 15) * 4) }
    }

    /// Extensions: RFC 8200, 4; RFC 4302.
    private mutating func readIPv6(_ frame: [UInt8], _ start: Int) {
        guard frame.number(at: start, of: 1).map({ $0 >> 4 == 6 }) == true,
            var next = frame.number(at: start + 6, of: 1),
            let from = frame.address(at: start + 8), let to = frame.address(at: start + 24)
        else { return }
        (source, destination) = (from, to)
        var place = start + 40
        var isLaterFragment = false
        for _ in 0..<Self.mostExtensions where !isLaterFragment {
            guard [0, 43, 44, 51, 60].contains(next) else { break }
            guard let following = frame.number(at: place, of: 1), let length = frame.number(at: place + 1, of: 1),
                let offset = frame.number(at: place + 2, of: 2)
            else { return }
            isLaterFragment = next == 44 && offset >> 3 != 0
            place += next == 44 ? 8 : next == 51 ? Int(length + 2) * 4 : Int(length + 1) * 8
            next = following
        }
        transport = UInt8(next)
        if !isLaterFragment { readPorts(frame, place) }
    }

    private mutating func readPorts(_ frame: [UInt8], _ start: Int) {
        guard let transport else { return }
        let icmp = source?.version == .v4 ? TransportNumber.icmp : TransportNumber.icmpv6
        let isICMP = transport == icmp
        let size = isICMP ? 1 : 2
        guard isICMP || TransportNumber.hasPorts(transport), let first = frame.number(at: start, of: size),
            let second = frame.number(at: start + size, of: size)
        else { return }
        ports = Ports(source: UInt16(first), destination: UInt16(second))
    }

    /// `udp 10.0.0.1:1000 > 10.0.0.2:53`, `icmp 10.0.0.1 > 10.0.0.2 type 8 code 0`, `arp 02:…:01 > ff:…:ff`.
    package var text: String {
        let tag = vlan.map { "vlan \($0) " } ?? ""
        guard let source, let destination, let transport else {
            guard let etherType, addresses.count == 12 else { return tag + "short" }
            let number = Self.hexadecimal(etherType >> 8) + Self.hexadecimal(etherType & 255)
            let name = Self.names[etherType] ?? "0x\(number)"
            return tag + "\(name) \(Self.text(of: addresses[6...])) > \(Self.text(of: addresses[..<6]))"
        }
        let name = TransportNumber.name(of: transport)
        guard let ports else { return tag + "\(name) \(source) > \(destination)" }
        guard TransportNumber.hasPorts(transport) else {
            return tag + "\(name) \(source) > \(destination) type \(ports.source) code \(ports.destination)"
        }
        return tag
            + "\(name) \(Self.text(source, ports.source)) > \(Self.text(destination, ports.destination))"
    }

    /// Of IANA's registry, what is common on a machine's port; 0x0800 and 0x86dd are here where the packet could not be read.
    private static let names: [UInt16: String] = [
        0x0800: "ipv4", 0x0806: "arp", 0x86dd: "ipv6", 0x88cc: "lldp", 0x8035: "rarp", 0x8847: "mpls",
    ]

    private static func text(_ address: IPAddress, _ port: UInt16) -> String {
        address.version == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    private static func text(of address: ArraySlice<UInt8>) -> String {
        address.map { hexadecimal(UInt16($0)) }.joined(separator: ":")
    }

    /// Two digits.
    private static func hexadecimal(_ byte: UInt16) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

extension [UInt8] {
    /// In network order; nil where it does not lie within.
    fileprivate func number(at place: Int, of count: Int) -> UInt64? {
        guard place >= 0, place + count <= self.count else { return nil }
        return self[place..<place + count].reduce(0) { $0 << 8 | UInt64($1) }
    }

    fileprivate func address(at place: Int) -> IPAddress? {
        guard let high = number(at: place, of: 8), let low = number(at: place + 8, of: 8) else { return nil }
        return IPAddress(v6High: high, low: low)
    }
}
