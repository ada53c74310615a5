// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// One complete member of a gzip file.
///
/// A file of several members is a gzip file whose content is theirs in order (RFC 1952 §2.2). So a file that grows by
/// whole members is whole after each of them. `unsafe` here: zlib takes pointers and keeps them until `deflateEnd`.
enum GzipMember {
    /// zlib refused, which it does only where memory is short (zlib.h, deflateInit2).
    struct OutOfMemory: Error {}

    /// Compresses all bytes in one go; the level is zlib's, 1 (fast) to 9 (small).
    static func compress(_ bytes: [UInt8], level: Int) throws(OutOfMemory) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe weir_deflate_init_gzip(&stream, Int32(level)) == Z_OK else { throw OutOfMemory() }
        defer { unsafe deflateEnd(&stream) }
        let bound = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
        var status = Z_OK
        let member = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
                unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                status = unsafe deflate(&stream, Z_FINISH)
                count = unsafe Int(stream.total_out)
            }
        }
        guard status == Z_STREAM_END else { throw OutOfMemory() }
        return member
    }
}
