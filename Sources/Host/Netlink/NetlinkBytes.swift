// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Bytes of a netlink message, in the host's order: little-endian wherever this runs.
package struct NetlinkBytes {
    private var bytes: ArraySlice<UInt8>

    package init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    package var isEmpty: Bool { bytes.isEmpty }
    package var count: Int { bytes.count }

    package func byte(at offset: Int) -> UInt8? { offset < count ? bytes[bytes.startIndex + offset] : nil }

    package func word16(at offset: Int) -> UInt16? {
        guard let low = byte(at: offset), let high = byte(at: offset + 1) else { return nil }
        return UInt16(low) | UInt16(high) << 8
    }

    package func word32(at offset: Int) -> UInt32? {
        guard let low = word16(at: offset), let high = word16(at: offset + 2) else { return nil }
        return UInt32(low) | UInt32(high) << 16
    }

    /// Takes the first of a row of things that are padded to 4 bytes each, and returns it without its header; nil where it
    /// claims more than there is.
    package mutating func take(_ length: Int, headed header: Int) -> NetlinkBytes? {
        guard length >= header, length <= count else { return nil }
        let taken = bytes.prefix(length).dropFirst(header)
        bytes = bytes.dropFirst((length + 3) / 4 * 4)
        return NetlinkBytes(taken)
    }

    /// These bytes as attributes (netlink(7), `struct nlattr`) by their types; nil where one claims more than there is.
    package func attributes() -> [UInt16: NetlinkBytes]? {
        var rest = self
        var attributes: [UInt16: NetlinkBytes] = [:]
        while !rest.isEmpty {
            guard let length = rest.word16(at: 0), let type = rest.word16(at: 2),
                let value = rest.take(Int(length), headed: 4)
            else { return nil }
            attributes[type & Self.typeMask] = value
        }
        return attributes
    }

    /// Without NLA_F_NESTED and NLA_F_NET_BYTEORDER.
    private static let typeMask: UInt16 = 0x3fff

    /// Text that ends with a zero byte.
    package var text: String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }

    /// The name of an interface that ends with a zero byte.
    package var interfaceName: String { InterfaceName.text(of: Array(bytes.prefix { $0 != 0 })) }

    package var macAddress: MACAddress? {
        guard count == 6 else { return nil }
        return MACAddress(bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
