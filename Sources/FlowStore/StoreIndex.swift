// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Synchronization
import SystemPackage

/// What is in a store. The writer of windows and the merger share it: each changes names in the store's folders only while it holds the lock.
final class StoreIndex: Sendable {
    struct State {
        /// The oldest first.
        private(set) var segments: [StoredSegment] = []
        /// Windows of merged files, by name, as far as they were asked for.
        fileprivate var merged: [String: Set<WindowIdentity>] = [:]

        mutating func set(_ segments: [StoredSegment]) { self.segments = segments.sorted() }

        /// Adds a segment, or replaces the segment with the same path.
        mutating func insert(_ segment: StoredSegment) {
            segments.removeAll { $0.identity == segment.identity && $0.path == segment.path }
            segments.append(segment)
            segments.sort()
        }

        mutating func remove(_ segment: StoredSegment) {
            segments.removeAll { $0.path == segment.path }
            merged[segment.name] = nil
        }

        func contains(_ segment: StoredSegment) -> Bool { segments.contains { $0.path == segment.path } }
    }

    private let state = Mutex(State())

    func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try state.withLock(body)
    }

    var segments: [StoredSegment] { state.withLock { $0.segments } }

    /// Whether a window is there, in a file of its own or in a merged one.
    ///
    /// - Parameter read: the windows of a merged file.
    func holds(_ identity: WindowIdentity, reading read: (StoredSegment) -> [WindowIdentity]) -> Bool {
        for segment in segments.reversed() {
            guard segment.windows != nil else {
                if segment.identity == identity { return true }
                continue
            }
            // The number is that of the newest one.
            guard segment.identity.sequence >= identity.sequence else { continue }
            let known = state.withLock { $0.merged[segment.name] }
            let windows = known ?? Set(read(segment))
            if known == nil { state.withLock { $0.merged[segment.name] = windows } }
            if windows.contains(identity) { return true }
        }
        return false
    }
}
