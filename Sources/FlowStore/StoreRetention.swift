// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// How much a store keeps: what is older, and then the oldest beyond the size, is deleted, a segment at a time.
package struct StoreRetention: Equatable, Sendable {
    package var age: Duration
    package var bytes: Int64

    package init(age: Duration, bytes: Int64) {
        self.age = age
        self.bytes = bytes
    }

    /// Whether the store's oldest segment is to be deleted.
    ///
    /// - Parameter total: bytes of all segments.
    func isOver(_ oldest: StoredSegment, _ total: Int64, _ now: UnixTime) -> Bool {
        total > bytes || oldest.end < now.seconds - age.components.seconds
    }
}

/// What is in a store.
package struct StoreContents: Codable, Equatable, Sendable {
    package var segments: Int
    package var bytes: Int64
    /// Unix seconds; nil where there is nothing.
    package var oldestSeconds: Int64?
    package var newestSeconds: Int64?

    init(_ segments: [StoredSegment]) {
        self.segments = segments.count
        bytes = segments.reduce(0) { $0 + $1.bytes }
        oldestSeconds = segments.map(\.start).min()
        newestSeconds = segments.last?.end
    }
}
