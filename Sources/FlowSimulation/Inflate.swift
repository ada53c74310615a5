// SPDX-License-Identifier: Apache-2.0

/// Decodes gzip (RFC 1952) and deflate (RFC 1951), for checks that must be independent of the compressor. Small, not fast; nil where the
/// bytes are damaged. Checksums are not compared.
struct Inflate {
    private let bytes: [UInt8]
    private var place: Int
    private var bits: UInt32 = 0
    private var bitCount = 0
    private var output: [UInt8] = []

    private struct Damaged: Error {}

    /// The content of all members of a gzip file.
    static func members(of file: [UInt8]) -> [UInt8]? {
        var inflate = Inflate(bytes: file, place: 0)
        do {
            while inflate.place < file.count { try inflate.member() }
            return inflate.output
        } catch {
            return nil
        }
    }

    private init(bytes: [UInt8], place: Int) {
        self.bytes = bytes
        self.place = place
    }

    private mutating func member() throws {
        // Magic, deflate, no optional fields, time, flags, system.
        guard bytes.count >= place + 18, bytes[place] == 0x1f, bytes[place + 1] == 0x8b, bytes[place + 3] == 0 else {
            throw Damaged()
        }
        place += 10
        let start = output.count
        while try !block() {}
        (bits, bitCount) = (0, 0)
        guard bytes.count >= place + 8 else { throw Damaged() }
        let length = (0..<4).reduce(0) { $0 | Int(bytes[place + 4 + $1]) << (8 * $1) }
        guard length == output.count - start else { throw Damaged() }
        place += 8
    }

    /// Whether it was the last.
    private mutating func block() throws -> Bool {
        let isLast = try take(1) == 1
        switch try take(2) {
        case 0: try stored()
        case 1: try compressed(Self.fixedLengths, Self.fixedDistances)
        case 2:
            let (lengths, distances) = try codes()
            try compressed(lengths, distances)
        default: throw Damaged()
        }
        return isLast
    }

    private mutating func take(_ count: Int) throws -> Int {
        while bitCount < count {
            guard place < bytes.count else { throw Damaged() }
            bits |= UInt32(bytes[place]) << UInt32(bitCount)
            place += 1
            bitCount += 8
        }
        defer {
            bits >>= UInt32(count)
            bitCount -= count
        }
        return Int(bits & (1 << UInt32(count) - 1))
    }

    private mutating func stored() throws {
        (bits, bitCount) = (0, 0)
        guard bytes.count >= place + 4 else { throw Damaged() }
        let count = Int(bytes[place]) | Int(bytes[place + 1]) << 8
        place += 4
        guard bytes.count >= place + count else { throw Damaged() }
        output += bytes[place..<place + count]
        place += count
    }

    private mutating func compressed(_ lengths: Code, _ distances: Code) throws {
        while true {
            let symbol = try decode(lengths)
            switch symbol {
            case 0..<256: output.append(UInt8(symbol))
            case 256: return
            default: try copy(lengthSymbol: symbol - 257, distances)
            }
        }
    }

    private mutating func copy(lengthSymbol: Int, _ distances: Code) throws {
        guard lengthSymbol < Self.lengthBases.count else { throw Damaged() }
        let length = Self.lengthBases[lengthSymbol] + (try take(Self.lengthBits[lengthSymbol]))
        let symbol = try decode(distances)
        guard symbol < 30 else { throw Damaged() }
        let extra = max(0, symbol / 2 - 1)
        let base = symbol < 4 ? symbol + 1 : (2 + symbol % 2) << extra + 1
        let distance = base + (try take(extra))
        guard distance <= output.count else { throw Damaged() }
        for _ in 0..<length { output.append(output[output.count - distance]) }
    }

    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
}

// Huffman codes.
extension Inflate {
    private struct Code {
        /// Codes of each length, and all symbols in the order of their codes.
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int] = []

        init(_ lengths: [Int]) {
            for length in lengths { counts[length] += 1 }
            counts[0] = 0
            for wanted in 1...15 {
                symbols += lengths.indices.filter { lengths[$0] == wanted }
            }
        }
    }

    private static let fixedLengths = Code(
        Array(repeating: 8, count: 144) + Array(repeating: 9, count: 112) + Array(repeating: 7, count: 24)
            + Array(repeating: 8, count: 8))
    private static let fixedDistances = Code(Array(repeating: 5, count: 30))

    private mutating func decode(_ code: Code) throws -> Int {
        var (value, first, index) = (0, 0, 0)
        for length in 1...15 {
            value |= try take(1)
            let count = code.counts[length]
            if value - first < count { return code.symbols[index + value - first] }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw Damaged()
    }

    private mutating func codes() throws -> (lengths: Code, distances: Code) {
        let (lengthCount, distanceCount, codeCount) = (try take(5) + 257, try take(5) + 1, try take(4) + 4)
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        var ofCodes = [Int](repeating: 0, count: 19)
        for place in order[..<codeCount] { ofCodes[place] = try take(3) }
        let code = Code(ofCodes)
        var lengths: [Int] = []
        while lengths.count < lengthCount + distanceCount {
            switch try decode(code) {
            case 16:
                guard let last = lengths.last else { throw Damaged() }
                lengths += Array(repeating: last, count: try take(2) + 3)
            case 17: lengths += Array(repeating: 0, count: try take(3) + 3)
            case 18: lengths += Array(repeating: 0, count: try take(7) + 11)
            case let length: lengths.append(length)
            }
        }
        return (Code(Array(lengths[..<lengthCount])), Code(Array(lengths[lengthCount...])))
    }
}
