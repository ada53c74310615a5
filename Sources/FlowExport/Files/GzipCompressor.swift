// SPDX-License-Identifier: Apache-2.0

internal import CIsal

/// Compresses bytes to members of a gzip file, in memory that it keeps.
///
/// A file of several members is a gzip file whose content is theirs in order (RFC 1952 §2.2). So a file that grows by
/// whole members is whole after each of them. Compressing needs 230 KB and the room of the longest member so far; it
/// allocates nothing more, and cannot fail. `unsafe` here: ISA-L takes pointers, for the call only.
package struct GzipCompressor {
    private var memory = [UInt64](repeating: 0, count: weir_gzip_memory() / 8)
    private var member: [UInt8] = []

    package init() {}

    /// Compresses all bytes to one member.
    ///
    /// - Parameter bytes: less than 4 GiB.
    /// - Returns: the member; to be dropped before the next one is made, which otherwise is made in a copy.
    package mutating func compress(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let bound = weir_gzip_bound(bytes.count)
        if member.count < bound { member = [UInt8](repeating: 0, count: bound) }
        let room = UInt32(member.count)
        let length = unsafe weir_gzip_member(&memory, bytes, UInt32(bytes.count), &member, room)
        precondition(length > 0, "ISA-L needs more room for a member than RFC 1951 allows")
        return member[..<Int(length)]
    }
}
