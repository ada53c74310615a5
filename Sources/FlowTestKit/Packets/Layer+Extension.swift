// SPDX-License-Identifier: Apache-2.0

extension Layer {
    /// Hop-by-hop options (RFC 8200 §4.3), nothing but padding; the length is in bytes, a multiple of eight.
    package static func hopByHop(length: Int = 8, next: UInt8? = nil, lengthField: UInt8? = nil) -> Layer {
        Layer(
            Options(
                protocolNumber: NextHeader.hopByHop, content: padOptions(length - 2), nextNumber: next,
                lengthField: lengthField))
    }

    /// Destination options (RFC 8200 §4.6), nothing but padding; the length is in bytes, a multiple of eight.
    package static func destinationOptions(length: Int = 8, next: UInt8? = nil, lengthField: UInt8? = nil) -> Layer {
        Layer(
            Options(
                protocolNumber: NextHeader.destinationOptions, content: padOptions(length - 2), nextNumber: next,
                lengthField: lengthField))
    }

    /// A routing header of an experimental type with no segments left: a host skips it (RFC 8200 §4.4).
    package static func routing(length: Int = 8, next: UInt8? = nil, lengthField: UInt8? = nil) -> Layer {
        let experimentalType: UInt8 = 253
        let content = [experimentalType, 0] + Array(repeating: 0, count: length - 4)
        return Layer(
            Options(
                protocolNumber: NextHeader.routing, content: content, nextNumber: next, lengthField: lengthField))
    }

    /// A fragment header (RFC 8200 §4.5); the offset is in bytes, a multiple of eight.
    package static func fragment(offset: Int = 0, more: Bool = false, id: UInt32 = 1, next: UInt8? = nil) -> Layer {
        precondition(offset % 8 == 0)
        return Layer(Fragment(offsetAndFlags: UInt16(offset) | (more ? 1 : 0), id: id, nextNumber: next))
    }

    /// An authentication header (RFC 4302 §2); the length is in bytes, a multiple of four, with the ICV.
    package static func authentication(length: Int = 24, next: UInt8? = nil, lengthField: UInt8? = nil) -> Layer {
        Layer(Authentication(length: length, nextNumber: next, lengthField: lengthField))
    }
}

/// Pad1 and PadN options (RFC 8200 §4.2) of the length in all.
private func padOptions(_ length: Int) -> [UInt8] {
    var options: [UInt8] = []
    while options.count < length {
        let rest = length - options.count
        if rest == 1 {
            options.append(0)
        } else {
            let data = min(rest - 2, 255)
            options += [1, UInt8(data)] + Array(repeating: 0, count: data)
        }
    }
    return options
}

/// An extension header that says its length in units of eight bytes, the first not counted.
private struct Options: Header {
    let protocolNumber: UInt8?
    /// All after the next header and length fields.
    let content: [UInt8]
    let nextNumber: UInt8?
    let lengthField: UInt8?

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        precondition((content.count + 2) % 8 == 0)
        let next = nextNumber ?? surroundings.next?.protocolNumber ?? NextHeader.none
        return [next, lengthField ?? UInt8((content.count + 2) / 8 - 1)] + content
    }
}

private struct Fragment: Header {
    let offsetAndFlags: UInt16
    let id: UInt32
    let nextNumber: UInt8?

    var protocolNumber: UInt8? { NextHeader.fragment }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        var bytes: [UInt8] = [nextNumber ?? surroundings.next?.protocolNumber ?? NextHeader.none, 0]
        bytes.append(big: offsetAndFlags)
        bytes.append(big: id)
        return bytes
    }
}

private struct Authentication: Header {
    let length: Int
    let nextNumber: UInt8?
    let lengthField: UInt8?

    var protocolNumber: UInt8? { NextHeader.authentication }

    func encoded(in surroundings: Surroundings) -> [UInt8] {
        precondition(length % 4 == 0 && length >= 8)
        let next = nextNumber ?? surroundings.next?.protocolNumber ?? NextHeader.none
        var bytes: [UInt8] = [next, lengthField ?? UInt8(length / 4 - 2), 0, 0]
        let securityParameters: UInt32 = 0x0000_0100
        let sequence: UInt32 = 1
        bytes.append(big: securityParameters)
        bytes.append(big: sequence)
        bytes += Array(repeating: 0xaa, count: max(0, length - 12))
        return Array(bytes.prefix(length))
    }
}
