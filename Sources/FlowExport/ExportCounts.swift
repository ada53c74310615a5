// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What a sink did since it was made.
package struct ExportCounts: Equatable, Sendable {
    package var filesPublished: UInt64 = 0
    /// Lines of all kinds that stand in files, published or not.
    package var recordsWritten: UInt64 = 0
    /// As they stand in the files, compressed.
    package var bytesWritten: UInt64 = 0
    /// Lines that no file will ever hold.
    package var recordsGivenUp: UInt64 = 0
    /// The packets that those lines told of.
    package var givenUp = PacketCount.zero

    package init() {}
}
