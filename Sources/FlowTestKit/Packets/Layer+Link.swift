// SPDX-License-Identifier: Apache-2.0

package import FlowModel

package enum EtherType {
    package static let ipv4: UInt16 = 0x0800
    package static let arp: UInt16 = 0x0806
    package static let customerTag: UInt16 = 0x8100
    package static let ipv6: UInt16 = 0x86dd
    package static let mpls: UInt16 = 0x8847
    package static let pppoeSession: UInt16 = 0x8864
    package static let serviceTag: UInt16 = 0x88a8
    package static let lldp: UInt16 = 0x88cc
    /// For local experiments (IEEE 802): what a payload is called that has no type of its own.
    package static let experimental: UInt16 = 0x88b5
}

extension Layer {
    /// An Ethernet header; a type below 0x0600 is an 802.3 length.
    package static func ethernet(
        from source: MACAddress = "02:00:00:00:00:01", to destination: MACAddress = "02:00:00:00:00:02",
        type: UInt16? = nil
    ) -> Layer {
        Layer(Ethernet(source: source, destination: destination, type: type))
    }

    /// A customer tag (802.1Q) with the VLAN id in the low twelve bits.
    package static func vlan(_ id: UInt16, priority: UInt8 = 0, type: UInt16? = nil) -> Layer {
        Layer(Tag(standard: EtherType.customerTag, control: UInt16(priority) << 13 | id, type: type))
    }

    /// A service tag (802.1ad), the outer one of QinQ.
    package static func serviceVLAN(_ id: UInt16, priority: UInt8 = 0, type: UInt16? = nil) -> Layer {
        Layer(Tag(standard: EtherType.serviceTag, control: UInt16(priority) << 13 | id, type: type))
    }

    /// An ARP request for an IPv4 address on Ethernet (RFC 826).
    package static func arp(from source: IPAddress, to destination: IPAddress) -> Layer {
        Layer(ARP(source: source, destination: destination))
    }

    /// Bytes that count up, or those given; the number is the one that IP should call them by.
    package static func payload(_ length: Int, protocol number: UInt8? = nil) -> Layer {
        .payload((0..<length).map { UInt8(truncatingIfNeeded: $0) }, protocol: number)
    }

    package static func payload(_ bytes: [UInt8], protocol number: UInt8? = nil) -> Layer {
        Layer(Payload(bytes: bytes, protocolNumber: number))
    }

    /// Zeros after the packet until the frame has this length. Written last; no header counts them.
    package static func padding(to length: Int = 60) -> Layer { Layer(Padding(length: length)) }
}

private struct Ethernet: Header {
    let source: MACAddress
    let destination: MACAddress
    let type: UInt16?

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        var bytes = destination.wireBytes + source.wireBytes
        bytes.append(big: type ?? surroundings.next?.etherType ?? EtherType.experimental)
        return bytes
    }
}

private struct Tag: Header {
    let standard: UInt16
    let control: UInt16
    let type: UInt16?

    var etherType: UInt16? { standard }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(big: control)
        bytes.append(big: type ?? surroundings.next?.etherType ?? EtherType.experimental)
        return bytes
    }
}

private struct ARP: Header {
    let source: IPAddress
    let destination: IPAddress

    var etherType: UInt16? { EtherType.arp }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        let senderHardware: [UInt8] = [0x02, 0, 0, 0, 0, 0x01]
        let requestOverEthernet: [UInt8] = [0, 1, 0x08, 0x00, 6, 4, 0, 1]
        return requestOverEthernet + senderHardware + source.wireBytes + Array(repeating: 0, count: 6)
            + destination.wireBytes
    }
}

private struct Payload: Header {
    let bytes: [UInt8]
    let protocolNumber: UInt8?

    func encoded(in surroundings: Surroundings) -> [UInt8] { bytes }
}

struct Padding: Header {
    let length: Int

    func encoded(in surroundings: Surroundings) -> [UInt8] { [] }

    func padding(_ bytes: [UInt8]) -> [UInt8] {
        bytes + Array(repeating: 0, count: max(0, length - bytes.count))
    }
}
