// SPDX-License-Identifier: Apache-2.0

package import FlowModel
package import SystemPackage

/// A file of the store: the lines of one window, or those of an hour's windows, merged. Its name says when the first window began and the last
/// one ended, in Unix seconds, and which it is: `2026/11/27/10/1795774500-1795774560-0000000000000007-1f0c….parquet`, in the folder of the hour
/// (UTC) that holds the window's last moment. That of a merged file has the number of its newest window, a hash of all of them, and how many
/// they are: `…-0000000000000042-8d3b…-w60.parquet`.
package struct StoredSegment: Hashable, Sendable, Comparable {
    /// Below the store: `2026/11/27/10`.
    package let folder: FilePath
    package let name: String
    /// Unix seconds; no line is earlier.
    package let start: Int64
    /// Unix seconds; no line is later.
    package let end: Int64
    /// Of a merged file: the number of its newest window, and a hash of all.
    package let identity: WindowIdentity
    /// How many windows were merged; nil where the file is one window.
    package let windows: Int?
    package var bytes: Int64

    package static let ending = ".parquet"

    package init(_ window: Window, _ identity: WindowIdentity) {
        self.identity = identity
        windows = nil
        start = window.start.seconds
        end = window.endSecond
        name = "\(start)-\(end)-\(identity)\(Self.ending)"
        folder = Self.folder(of: window.end.advanced(by: .nanoseconds(-1)).seconds)
        bytes = 0
    }

    /// nil where the name is not a segment's.
    package init?(in folder: FilePath, name: String, bytes: Int64) {
        guard name.hasSuffix(Self.ending) else { return nil }
        let parts = name.dropLast(Self.ending.count).split(separator: "-", omittingEmptySubsequences: false)
        guard (4...5).contains(parts.count), let start = Int64(parts[0]), let end = Int64(parts[1]), start <= end,
            let identity = WindowIdentity("\(parts[2])-\(parts[3])")
        else { return nil }
        if parts.count == 5 {
            guard parts[4].first == "w", let windows = Int(parts[4].dropFirst()), windows > 0 else { return nil }
            self.windows = windows
        } else {
            windows = nil
        }
        self.identity = identity
        self.folder = folder
        self.name = name
        self.start = start
        self.end = end
        self.bytes = bytes
    }

    /// A merged file of these windows.
    init(merged windows: [WindowIdentity], from start: Int64, to end: Int64, in folder: FilePath) {
        let names = MergedHour.names(windows)
        identity = WindowIdentity(
            sequence: windows.map(\.sequence).max() ?? 0, nonce: XXH64.hash(Array(names.utf8)[...]))
        self.windows = windows.count
        self.folder = folder
        self.start = start
        self.end = end
        name = "\(start)-\(end)-\(identity)-w\(windows.count)\(Self.ending)"
        bytes = 0
    }

    /// For the metadata.
    static func times(of segment: StoredSegment) -> [(name: String, value: String)] {
        [("weir.window_start", "\(segment.start)"), ("weir.window_end", "\(segment.end)")]
    }

    package var path: FilePath { folder.appending(name) }

    /// The oldest first.
    package static func < (left: StoredSegment, right: StoredSegment) -> Bool {
        (left.end, left.start, left.name) < (right.end, right.start, right.name)
    }

    /// The folder of the hour that holds a moment, in Unix seconds.
    static func folder(of second: Int64) -> FilePath {
        let time = CivilTime(UnixTime(seconds: second))
        let parts = [padded(time.year, 4), padded(time.month, 2), padded(time.day, 2), padded(time.hour, 2)]
        return FilePath(parts.joined(separator: "/"))
    }

    private static func padded(_ number: Int64, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
