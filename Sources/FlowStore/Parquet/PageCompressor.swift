// SPDX-License-Identifier: Apache-2.0

import CZstd
import Synchronization

/// Zstandard (RFC 8878), with one context for all pages. `unsafe`: libzstd takes pointers and lengths.
@safe struct PageCompressor: ~Copyable {
    private let context: OpaquePointer

    /// libzstd's own default is 3; 1 takes half of the time for a few percent of size.
    private let level: CInt

    init(level: Int = 1) {
        self.level = CInt(level)
        guard let context = unsafe ZSTD_createCCtx() else { preconditionFailure("no memory for a compressor") }
        unsafe self.context = context
    }

    deinit { unsafe ZSTD_freeCCtx(context) }

    func compress(_ content: [UInt8]) -> [UInt8] {
        let room = ZSTD_compressBound(content.count)
        return unsafe [UInt8](unsafeUninitializedCapacity: room) { target, count in
            let written = unsafe content.withUnsafeBytes { source in
                unsafe ZSTD_compressCCtx(
                    context, target.baseAddress, room, source.baseAddress, source.count, level)
            }
            precondition(ZSTD_isError(written) == 0, "libzstd fails with room enough")
            count = written
        }
    }

    /// The bytes that were compressed, which must be that many.
    static func decompress(_ bytes: ArraySlice<UInt8>, size: Int) throws(ParquetError) -> [UInt8] {
        var written = 0
        let context = Decompression.spare.withLock { $0.popLast() } ?? Decompression()
        defer { Decompression.spare.withLock { $0.append(context) } }
        let content = unsafe [UInt8](unsafeUninitializedCapacity: size) { target, count in
            written = unsafe bytes.withUnsafeBytes { source in
                unsafe ZSTD_decompressDCtx(
                    context.pointer, target.baseAddress, size, source.baseAddress, source.count)
            }
            count = ZSTD_isError(written) == 0 ? min(written, size) : 0
        }
        guard ZSTD_isError(written) == 0, written == size else { throw .damaged("a page cannot be decompressed") }
        return content
    }
}

/// What libzstd works in to decompress. It is kept: to make one, libzstd asks the processor for its features, which takes 20 µs and more in a
/// virtual machine. `unsafe`: its owner alone uses it.
@safe private struct Decompression: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Those that no thread uses now: as many as threads ever decompressed at a time.
    static let spare = Mutex<[Decompression]>([])

    init() {
        guard let pointer = unsafe ZSTD_createDCtx() else { preconditionFailure("no memory for a decompressor") }
        unsafe self.pointer = pointer
    }
}
