// SPDX-License-Identifier: Apache-2.0

/// Writes Thrift's compact protocol, in which Parquet keeps its metadata (thrift-compact-protocol.md of Apache Thrift).
struct ThriftWriter {
    private(set) var bytes: [UInt8] = []
    /// Of the innermost structure that is open, the field that was written last.
    private var lastField = 0

    /// - Parameter capacity: bytes for which room is made at once.
    init(capacity: Int = 64) { bytes.reserveCapacity(capacity) }

    private enum WireType: UInt8 {
        case yes = 1
        case no = 2
        case int16 = 4
        case int32 = 5
        case int64 = 6
        case binary = 8
        case list = 9
        case structure = 12
    }

    private mutating func begin(_ field: Int, _ type: WireType) {
        let delta = field - lastField
        precondition((1...15).contains(delta))
        bytes.append(UInt8(delta) << 4 | type.rawValue)
        lastField = field
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func zigzag(_ value: Int64) { varint(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    private mutating func count(_ count: Int, _ type: WireType) {
        if count < 15 {
            bytes.append(UInt8(count) << 4 | type.rawValue)
        } else {
            bytes.append(0xF0 | type.rawValue)
            varint(UInt64(count))
        }
    }

    mutating func int16(_ field: Int, _ value: Int) {
        begin(field, .int16)
        zigzag(Int64(value))
    }

    mutating func int32(_ field: Int, _ value: Int) {
        begin(field, .int32)
        zigzag(Int64(value))
    }

    mutating func int64(_ field: Int, _ value: Int) {
        begin(field, .int64)
        zigzag(Int64(value))
    }

    mutating func bool(_ field: Int, _ value: Bool) { begin(field, value ? .yes : .no) }

    mutating func binary(_ field: Int, _ value: some Collection<UInt8>) {
        begin(field, .binary)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func string(_ field: Int, _ value: String) { binary(field, value.utf8) }

    mutating func structure(_ field: Int, _ body: (inout ThriftWriter) -> Void) {
        begin(field, .structure)
        element(body)
    }

    /// A structure without a field of its own: one of a list, or the outermost.
    mutating func element(_ body: (inout ThriftWriter) -> Void) {
        let outer = lastField
        lastField = 0
        body(&self)
        lastField = outer
        bytes.append(0)
    }

    mutating func structures<Element>(
        _ field: Int, _ elements: [Element], _ body: (inout ThriftWriter, Element) -> Void
    ) {
        begin(field, .list)
        count(elements.count, .structure)
        for value in elements { element { body(&$0, value) } }
    }

    mutating func int32s(_ field: Int, _ values: [Int]) {
        begin(field, .list)
        count(values.count, .int32)
        for value in values { zigzag(Int64(value)) }
    }

    mutating func int64s(_ field: Int, _ values: [Int]) {
        begin(field, .list)
        count(values.count, .int64)
        for value in values { zigzag(Int64(value)) }
    }

    mutating func bools(_ field: Int, _ values: [Bool]) {
        begin(field, .list)
        count(values.count, .yes)
        for value in values { bytes.append(value ? WireType.yes.rawValue : WireType.no.rawValue) }
    }

    mutating func strings(_ field: Int, _ values: String...) {
        begin(field, .list)
        count(values.count, .binary)
        for value in values {
            varint(UInt64(value.utf8.count))
            bytes.append(contentsOf: value.utf8)
        }
    }

    mutating func binaries(_ field: Int, _ values: [[UInt8]]) {
        begin(field, .list)
        count(values.count, .binary)
        for value in values {
            varint(UInt64(value.count))
            bytes.append(contentsOf: value)
        }
    }
}
