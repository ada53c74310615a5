// SPDX-License-Identifier: Apache-2.0

package import FlowFilter
package import FlowModel

/// Which records of a store are asked for.
package struct StoreQuery: Sendable {
    /// Unix seconds: records that end earlier are left out. nil: from the first on.
    package var since: Int64?
    /// Unix seconds: records that begin then or later are left out. nil: up to the last.
    package var until: Int64?
    /// nil: all.
    package var filter: FlowFilter?
    /// Only records of windows with a higher number (`WindowIdentity.sequence`). nil: of all windows.
    package var after: UInt64?
    /// No records of windows with these numbers.
    var except: Set<Int64> = []

    package init(since: Int64? = nil, until: Int64? = nil, filter: FlowFilter? = nil, after: UInt64? = nil) {
        self.after = after
        self.since = since
        self.until = until
        self.filter = filter
    }

    /// Whether a line is in the time and the filter takes it.
    package func takes(_ entry: LogEntry) -> Bool {
        if let since, entry.end.seconds < since { return false }
        if let until, entry.start.seconds >= until { return false }
        return filter?.matches(entry) ?? true
    }
}

/// A file of the store that cannot be read, or only up to a place.
package struct StoreDamage: Equatable, Sendable, CustomStringConvertible {
    package let segment: StoredSegment
    package let error: ParquetError

    package var description: String { "\(segment.path) \(error); what is missing is left out" }
}
