// SPDX-License-Identifier: Apache-2.0

/// A value of Thrift's compact protocol, as far as Parquet uses it.
enum ThriftValue: Equatable {
    case bool(Bool)
    case int(Int64)
    case binary(ArraySlice<UInt8>)
    case list([ThriftValue])
    case structure(ThriftFields)
}

/// The fields of a structure, by their numbers: few, so that a search takes less than a hash.
struct ThriftFields: Equatable {
    private var numbers: [Int] = []
    private var values: [ThriftValue] = []

    /// The last one counts where a number comes twice.
    subscript(_ field: Int) -> ThriftValue? { numbers.lastIndex(of: field).map { values[$0] } }

    fileprivate mutating func append(_ field: Int, _ value: ThriftValue) {
        numbers.append(field)
        values.append(value)
    }
}

/// Reads Thrift's compact protocol. Nothing of the bytes is trusted: what is cut, too deep, or larger than the bytes that are there throws.
struct ThriftReader {
    private let bytes: ArraySlice<UInt8>
    private(set) var position: Int

    private static let deepest = 16

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// A structure, by its fields' numbers.
    mutating func structure(depth: Int = 0) throws(ParquetError) -> ThriftFields {
        guard depth <= Self.deepest else { throw .damaged("its metadata is too deep") }
        var fields = ThriftFields()
        var last = 0
        while true {
            let head = try byte()
            guard head != 0 else { return fields }
            let field = head >> 4 == 0 ? Int(try zigzag()) : last + Int(head >> 4)
            guard (1...Int(Int16.max)).contains(field) else { throw .damaged("a field of its metadata has no number") }
            fields.append(field, try value(head & 0x0F, depth: depth))
            last = field
        }
    }

    private mutating func value(_ type: UInt8, depth: Int) throws(ParquetError) -> ThriftValue {
        switch type {
        case 1: return .bool(true)
        case 2: return .bool(false)
        case 3: return .int(Int64(Int8(bitPattern: try byte())))
        case 4, 5, 6: return .int(try zigzag())
        case 7:
            _ = try take(8)
            return .int(0)
        case 8: return .binary(try take(Int(clamping: try varint())))
        case 9, 10: return .list(try list(depth: depth + 1))
        case 12: return .structure(try structure(depth: depth + 1))
        default: throw .damaged("its metadata has a value of an unknown type")
        }
    }

    private mutating func list(depth: Int) throws(ParquetError) -> [ThriftValue] {
        let head = try byte()
        let count = head >> 4 == 15 ? Int(clamping: try varint()) : Int(head >> 4)
        // Each element takes a byte at least.
        guard count <= bytes.endIndex - position else { throw .damaged("its metadata is cut") }
        var values: [ThriftValue] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            let type = head & 0x0F
            // In a list a bool is a byte of its own.
            values.append(type <= 2 ? .bool(try byte() == 1) : try value(type, depth: depth))
        }
        return values
    }

    private mutating func byte() throws(ParquetError) -> UInt8 {
        guard position < bytes.endIndex else { throw .damaged("its metadata is cut") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: Int) throws(ParquetError) -> ArraySlice<UInt8> {
        guard count <= bytes.endIndex - position else { throw .damaged("its metadata is cut") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    private mutating func varint() throws(ParquetError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .damaged("a number of its metadata has no end")
    }

    private mutating func zigzag() throws(ParquetError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}

// Field by field, for what is too much to be kept as values.
extension ThriftReader {
    /// The next field of a structure: its number and its type; nil at the structure's end.
    ///
    /// - Parameter last: the number of the field before; 0 at the beginning.
    mutating func field(after last: inout Int) throws(ParquetError) -> UInt8? {
        let head = try byte()
        guard head != 0 else { return nil }
        let field = head >> 4 == 0 ? Int(clamping: try zigzag()) : last + Int(head >> 4)
        guard (1...Int(Int16.max)).contains(field) else { throw .damaged("a field of its metadata has no number") }
        last = field
        return head & 0x0F
    }

    mutating func int(_ type: UInt8) throws(ParquetError) -> Int {
        guard (4...6).contains(type) else { throw .damaged("its metadata has a value of another type") }
        return Int(try zigzag())
    }

    mutating func binary(_ type: UInt8) throws(ParquetError) -> ArraySlice<UInt8> {
        guard type == 8 else { throw .damaged("its metadata has a value of another type") }
        return try take(Int(clamping: try varint()))
    }

    /// How many elements a list has: structures, or what else has that type.
    mutating func list(_ type: UInt8, of elements: UInt8) throws(ParquetError) -> Int {
        let head = try byte()
        let count = head >> 4 == 15 ? Int(clamping: try varint()) : Int(head >> 4)
        guard type == 9, head & 0x0F == elements || count == 0, count <= bytes.endIndex - position else {
            throw .damaged("its metadata has a value of another type")
        }
        return count
    }

    mutating func expectStructure(_ type: UInt8) throws(ParquetError) {
        guard type == 12 else { throw .damaged("its metadata has a value of another type") }
    }

    /// Passes over a value.
    mutating func skip(_ type: UInt8, depth: Int = 1) throws(ParquetError) {
        switch type {
        case 1, 2: return
        case 3: _ = try byte()
        case 4, 5, 6: _ = try varint()
        case 7: _ = try take(8)
        case 8: _ = try take(Int(clamping: try varint()))
        case 9, 10: try skipList(depth: depth + 1)
        case 12:
            guard depth < Self.deepest else { throw .damaged("its metadata is too deep") }
            var last = 0
            while let type = try field(after: &last) { try skip(type, depth: depth + 1) }
        default: throw .damaged("its metadata has a value of an unknown type")
        }
    }

    private mutating func skipList(depth: Int) throws(ParquetError) {
        let head = try byte()
        let count = head >> 4 == 15 ? Int(clamping: try varint()) : Int(head >> 4)
        guard count <= bytes.endIndex - position else { throw .damaged("its metadata is cut") }
        let type = head & 0x0F
        for _ in 0..<count {
            if type <= 2 { _ = try byte() } else { try skip(type, depth: depth) }
        }
    }
}
