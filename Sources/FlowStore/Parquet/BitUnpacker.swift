// SPDX-License-Identifier: Apache-2.0

/// Reads numbers of a few bits each, packed from the least significant bit on.
///
/// `unsafe`: loads eight bytes at a time, within bounds that are checked once for all numbers. Loops over the bytes of a `Span` took a third of
/// the CPU time of a query for an address.
enum BitUnpacker {
    /// Writes so many numbers over those of `target`.
    ///
    /// - Parameters:
    ///   - width: at most 32 bits; `bytes` has those of all numbers.
    static func unpack(
        _ bytes: ArraySlice<UInt8>, width: Int, _ count: Int, to target: inout [UInt32], from start: Int
    ) {
        precondition(width <= 32 && start >= 0 && count >= 0 && start + count <= target.count)
        unsafe target.withUnsafeMutableBufferPointer { target in
            forEach(bytes, width, count) { place, number in
                unsafe target[start + place] = UInt32(truncatingIfNeeded: number)
            }
        }
    }

    /// Writes so many sums over those of `target`: each is the one before it, the number, and `least`.
    ///
    /// - Parameter last: the sum before the first one; afterwards the last one.
    static func addUp(
        _ bytes: ArraySlice<UInt8>, width: Int, _ count: Int, least: Int64, last: inout Int64,
        to target: inout [Int64], from start: Int
    ) {
        precondition(start >= 0 && count >= 0 && start + count <= target.count)
        var sum = last
        unsafe target.withUnsafeMutableBufferPointer { target in
            forEach(bytes, width, count) { place, number in
                sum = sum &+ least &+ Int64(bitPattern: number)
                unsafe target[start + place] = sum
            }
        }
        last = sum
    }

    @inline(__always)
    private static func forEach(_ bytes: ArraySlice<UInt8>, _ width: Int, _ count: Int, _ body: (Int, UInt64) -> Void) {
        precondition((0...64).contains(width) && count * width <= bytes.count * 8)
        guard width > 0 else {
            for place in 0..<count { body(place, 0) }
            return
        }
        // Those of which eight bytes from their first one on lie within.
        let wide = width <= 56 && bytes.count >= 8 ? min(count, ((bytes.count - 8) * 8 + 7) / width + 1) : 0
        let mask = UInt64.max >> UInt64(64 - width)
        unsafe bytes.withUnsafeBytes { raw in
            guard let start = raw.baseAddress else { return }
            for place in 0..<wide {
                let bit = place &* width
                let word = unsafe start.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self)
                body(place, UInt64(littleEndian: word) &>> UInt64(bit & 7) & mask)
            }
        }
        for place in wide..<count { body(place, number(place, width: width, in: bytes)) }
    }

    /// One of the numbers.
    static func number(_ place: Int, width: Int, in bytes: ArraySlice<UInt8>) -> UInt64 {
        guard width > 0 else { return 0 }
        let bit = place * width
        var byte = bytes.startIndex + bit >> 3
        var number = UInt64(bytes[byte]) >> UInt64(bit & 7)
        var filled = 8 - bit & 7
        while filled < width {
            byte += 1
            number |= UInt64(bytes[byte]) << UInt64(filled)
            filled += 8
        }
        return number & UInt64.max >> UInt64(64 - width)
    }
}
