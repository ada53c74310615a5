// SPDX-License-Identifier: Apache-2.0

import CZstd

/// Zstandard (RFC 8878), with one context for all pages. `unsafe`: libzstd takes pointers and lengths.
@safe struct PageCompressor: ~Copyable {
    private let context: OpaquePointer

    /// libzstd's own default is 3; 1 takes half of the time for a few percent of size.
    private static let level: CInt = 1

    init() {
        guard let context = unsafe ZSTD_createCCtx() else { preconditionFailure("no memory for a compressor") }
        unsafe self.context = context
    }

    deinit { unsafe ZSTD_freeCCtx(context) }

    func compress(_ content: [UInt8]) -> [UInt8] {
        let room = ZSTD_compressBound(content.count)
        return unsafe [UInt8](unsafeUninitializedCapacity: room) { target, count in
            let written = unsafe content.withUnsafeBytes { source in
                unsafe ZSTD_compressCCtx(
                    context, target.baseAddress, room, source.baseAddress, source.count, Self.level)
            }
            precondition(ZSTD_isError(written) == 0, "libzstd fails with room enough")
            count = written
        }
    }

    /// The bytes that were compressed, which must be that many.
    static func decompress(_ bytes: ArraySlice<UInt8>, size: Int) throws(ParquetError) -> [UInt8] {
        var written = 0
        let content = unsafe [UInt8](unsafeUninitializedCapacity: size) { target, count in
            written = unsafe bytes.withUnsafeBytes { source in
                unsafe ZSTD_decompress(target.baseAddress, size, source.baseAddress, source.count)
            }
            count = ZSTD_isError(written) == 0 ? min(written, size) : 0
        }
        guard ZSTD_isError(written) == 0, written == size else { throw .damaged("a page cannot be decompressed") }
        return content
    }
}
