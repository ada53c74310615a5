// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Addresses in an order in which neighbours are alike, and their texts in it.
struct AddressRanks {
    /// By the address's place.
    let ranks: [UInt32]
    /// By rank.
    let texts: TextDictionary

    init(_ addresses: [IPAddress]) {
        var order = (0..<UInt32(addresses.count)).map(\.self)
        // The upper half of an IPv6 address is the same for many: the lower half is order enough.
        for byte in 0..<8 {
            let shift = UInt64(8 * byte)
            var (all, any): (UInt64, UInt64) = (.max, 0)
            for address in addresses {
                all &= address.low >> shift
                any |= address.low >> shift
            }
            // Nothing differs in this byte.
            if all & 0xFF == any & 0xFF { continue }
            order = CountingSort.sorted(order, keys: 256) {
                UInt32(truncatingIfNeeded: addresses[Int($0)].low >> shift & 0xFF)
            }
        }
        var ranks = [UInt32](repeating: 0, count: addresses.count)
        var texts = TextDictionary()
        var text: [UInt8] = []
        for (rank, place) in order.enumerated() {
            ranks[Int(place)] = UInt32(rank)
            AddressText.write(addresses[Int(place)], to: &text)
            _ = texts.add(text)
        }
        self.ranks = ranks
        self.texts = texts
    }
}

/// Sorting by a small number, which keeps the order of equals.
enum CountingSort {
    /// - Parameters:
    ///   - keys: more than the largest key.
    @inline(__always)
    static func sorted(_ order: [UInt32], keys: Int, by key: (UInt32) -> UInt32) -> [UInt32] {
        var starts = [UInt32](repeating: 0, count: keys + 1)
        for element in order { starts[Int(key(element)) + 1] += 1 }
        for index in 1...keys { starts[index] += starts[index - 1] }
        var sorted = [UInt32](repeating: 0, count: order.count)
        for element in order {
            let place = Int(key(element))
            sorted[Int(starts[place])] = element
            starts[place] += 1
        }
        return sorted
    }
}

/// Addresses as text, and back: once for each different address of a row group.
enum AddressText {
    static func write(_ address: IPAddress, to text: inout [UInt8]) {
        text.removeAll(keepingCapacity: true)
        guard address.version == .v4 else {
            text.append(contentsOf: address.description.utf8)
            return
        }
        for index in 0..<4 {
            if index > 0 { text.append(UInt8(ascii: ".")) }
            let byte = address.byte(index)
            if byte >= 100 { text.append(UInt8(ascii: "0") + byte / 100) }
            if byte >= 10 { text.append(UInt8(ascii: "0") + byte / 10 % 10) }
            text.append(UInt8(ascii: "0") + byte % 10)
        }
    }

    /// nil where the text is none.
    static func read(_ text: ArraySlice<UInt8>) -> IPAddress? {
        guard let address = dottedDecimal(text.span) else { return IPAddress(String(decoding: text, as: UTF8.self)) }
        return IPAddress(v4: address)
    }

    private static func dottedDecimal(_ text: Span<UInt8>) -> UInt32? {
        var (address, byte, digits, dots): (UInt32, UInt32, Int, Int) = (0, 0, 0, 0)
        for index in text.indices {
            let digit = UInt32(text[index] ^ UInt8(ascii: "0"))
            if digit < 10 {
                guard digits < 3, digits == 0 || byte > 0 else { return nil }
                byte = byte * 10 + digit
                digits += 1
            } else {
                guard text[index] == UInt8(ascii: "."), digits > 0, byte < 256 else { return nil }
                address = address << 8 | byte
                (byte, digits, dots) = (0, 0, dots + 1)
            }
        }
        return dots == 3 && digits > 0 && byte < 256 ? address << 8 | byte : nil
    }
}
