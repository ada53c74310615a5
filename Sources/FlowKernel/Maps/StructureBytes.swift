// SPDX-License-Identifier: Apache-2.0

/// Bytes of a structure that an earlier build laid out, read field by field.
///
/// A field that the earlier layout has not is zero. Numbers are in the host's byte order unless the field's owner says
/// otherwise.
struct StructureBytes {
    let layout: LayoutDescription
    let bytes: ArraySlice<UInt8>

    /// A number of up to eight bytes.
    func number(_ field: String, at base: Int = 0) -> UInt64 {
        slice(field, at: base).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The same, written with the most significant byte first.
    func wireNumber(_ field: String, at base: Int = 0) -> UInt64 {
        slice(field, at: base).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The bytes of a field; none where there is no such field.
    func slice(_ field: String, at base: Int = 0) -> ArraySlice<UInt8> {
        guard let place = layout[field] else { return [] }
        let start = bytes.startIndex + base + place.offset
        guard start + place.size <= bytes.endIndex else { return [] }
        return bytes[start..<start + place.size]
    }

    /// Where a structure within this one begins.
    func offset(_ field: String) -> Int { layout[field]?.offset ?? 0 }
}
