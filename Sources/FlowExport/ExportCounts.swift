// SPDX-License-Identifier: Apache-2.0

/// What a sink did since it was made.
package struct ExportCounts: Equatable, Sendable {
    package var filesPublished: UInt64 = 0
    /// Lines of all kinds that stand in files, published or not.
    package var recordsWritten: UInt64 = 0
    /// As they stand in the files, compressed.
    package var bytesWritten: UInt64 = 0

    package init() {}
}
