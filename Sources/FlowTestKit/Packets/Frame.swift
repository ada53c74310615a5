// SPDX-License-Identifier: Apache-2.0

internal import FlowModel

/// A frame written down layer by layer, as it lies on the wire.
///
///     Frame(.ethernet(), .vlan(100), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .udp(from: 53, to: 4000), .payload(20))
///
/// Types of what follows, lengths and checksums are filled in; each of them can be overridden in its layer.
package struct Frame: Sendable {
    package let bytes: [UInt8]
    /// Where each layer begins, in the order in which they were written down.
    package let offsets: [Int]

    package init(_ layers: Layer...) { self.init(layers) }

    package init(_ layers: [Layer]) {
        let headers = layers.map(\.header)
        var written: [UInt8] = []
        var lengths: [Int] = []
        for index in headers.indices.reversed() {
            let surroundings = Surroundings(
                payload: written, next: headers[index...].dropFirst().first { !($0 is Padding) },
                internet: headers[..<index].last { $0 is any InternetHeader } as? any InternetHeader)
            let header = headers[index].encoded(in: surroundings)
            lengths.append(header.count)
            written = header + written
        }
        offsets = lengths.reversed().dropLast().reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        bytes = headers.reduce(written) { bytes, header in
            (header as? Padding)?.padding(bytes) ?? bytes
        }
    }
}

/// One layer of a frame; made by the static functions named after the protocols.
package struct Layer: Sendable {
    let header: any Header

    init(_ header: any Header) { self.header = header }
}

/// A header that can be written once everything inside it has been.
protocol Header: Sendable {
    /// What the Ethernet header or tag before this calls it; nil where it has no ether type.
    var etherType: UInt16? { get }
    /// What the IP or extension header before this calls it; nil where it has no protocol number.
    var protocolNumber: UInt8? { get }

    func encoded(in surroundings: Surroundings) -> [UInt8]
}

extension Header {
    var etherType: UInt16? { nil }
    var protocolNumber: UInt8? { nil }
}

/// A header whose addresses go into the checksums of the transports inside it.
protocol InternetHeader: Header {
    var source: IPAddress { get }
    var destination: IPAddress { get }
}

/// What a header needs to know of the rest of its frame.
struct Surroundings {
    /// Everything inside the header, already written.
    let payload: [UInt8]
    let next: (any Header)?
    /// The IP header that the header is in.
    let internet: (any InternetHeader)?

    /// The Internet checksum of a transport's header and payload with its pseudo header (RFC 9293 §3.1, RFC 8200 §8.1).
    func checksum(of header: [UInt8], protocolNumber: UInt8) -> UInt16 {
        guard let internet else { return 0 }
        let length = UInt32(header.count + payload.count)
        var pseudo = internet.source.wireBytes + internet.destination.wireBytes
        pseudo.append(big: length)
        pseudo.append(big: UInt32(protocolNumber))
        return internetChecksum(of: pseudo + header + payload)
    }
}
