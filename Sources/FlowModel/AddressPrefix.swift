// SPDX-License-Identifier: Apache-2.0

/// A network: the addresses that begin with the same bits.
package struct AddressPrefix: Hashable, Sendable {
    /// The bits behind the length are zero.
    package let address: IPAddress
    /// Bits, 0 to 32 or 128.
    package let length: Int

    /// The network that the address is in.
    package init(_ address: IPAddress, length: Int) {
        self.length = length
        self.address = address.masked(length)
    }

    /// Reads `10.0.0.0/8`, or an address, which is a network of one; nil where it is neither.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let longest = address.version.addressBits
        guard parts.count == 2 else {
            self.init(address, length: longest)
            return
        }
        guard let length = Int(parts[1]), parts[1].allSatisfy(\.isNumber), length <= longest else { return nil }
        self.init(address, length: length)
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.version == address.version && other.masked(length) == address
    }
}

extension AddressPrefix: CustomStringConvertible {
    package var description: String { "\(address)/\(length)" }
}

extension IPVersion {
    /// The length of its addresses.
    package var addressBits: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }
}

extension IPAddress {
    /// Keeps so many bits from the first on, and makes the others zero.
    package func masked(_ length: Int) -> IPAddress {
        switch version {
        case .v4: IPAddress(v4: UInt32(truncatingIfNeeded: low) & UInt32.leadingOnes(length))
        case .v6:
            IPAddress(v6High: high & UInt64.leadingOnes(length), low: low & UInt64.leadingOnes(length - 64))
        }
    }
}

extension FixedWidthInteger {
    /// As many ones as that, from the most significant bit on; none for a negative count, all for one that is too large.
    package static func leadingOnes(_ count: Int) -> Self {
        count <= 0 ? 0 : count >= bitWidth ? ~0 : ~0 << Self(bitWidth - count)
    }
}
