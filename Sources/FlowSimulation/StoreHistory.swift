// SPDX-License-Identifier: Apache-2.0

import FlowStore
import SystemPackage

/// What the store of a simulated host held over time, as it was seen after each thing that a process did, and whether it was a change that this
/// thing may make.
struct StoreHistory {
    /// What a process does.
    enum Activity {
        /// It stores windows: segments come.
        case storing
        /// It keeps to the retention: segments go, or lose their flows.
        case expiring
        /// It merges an hour: its segments go, and one comes.
        case merging
        /// It reads the store.
        case exporting
    }

    /// What the file of a window held: all of its rows, then what retention left of them.
    struct Window {
        let segment: StoredSegment
        fileprivate(set) var contents: [[UInt8]]
    }

    /// A file that took the place of several.
    struct Merge {
        let segment: StoredSegment
        let content: [UInt8]
        /// What was known of each of its windows when it came.
        let windows: [WindowIdentity: [UInt8]]
    }

    private(set) var windows: [WindowIdentity: Window] = [:]
    private(set) var merges: [String: Merge] = [:]
    /// Windows that lost their flows, and windows that went, for their age or for the store's size.
    private(set) var (shortened, expired) = (0, 0)
    private(set) var violations: [String] = []
    /// As it was seen last.
    private var files: [String: [UInt8]] = [:]

    /// What is different in the store.
    private struct Change {
        var came: [String] = []
        var went: [String] = []
        var changed: [String] = []

        var isEmpty: Bool { came.isEmpty && went.isEmpty && changed.isEmpty }

        init(from old: [String: [UInt8]], to new: [String: [UInt8]]) {
            for (path, bytes) in new {
                if let before = old[path] {
                    if before != bytes { changed.append(path) }
                } else {
                    came.append(path)
                }
            }
            if came.count + old.count > new.count { went = old.keys.filter { new[$0] == nil }.sorted() }
        }
    }

    /// Takes note of the segments that are in the store after that. Returns what is different, in words.
    mutating func observe(_ new: [String: [UInt8]], after activity: Activity) -> String? {
        let change = Change(from: files, to: new)
        guard !change.isEmpty else { return nil }
        switch activity {
        case .storing where change.went.isEmpty && change.changed.isEmpty:
            for path in change.came { store(path, new[path] ?? []) }
        case .expiring where change.came.isEmpty:
            for path in change.changed { shorten(path, new[path] ?? []) }
            expired += change.went.reduce(0) { $0 + contents(of: $1).count }
        case .merging where change.came.count == 1 && change.changed.isEmpty:
            merge(change.went, change.came[0], new[change.came[0]] ?? [])
        default:
            violations.append(
                "while \(activity), \(change.came) came, \(change.went) went and \(change.changed) changed")
        }
        files = new
        return "store: \(change.came) came, \(change.went) went, \(change.changed) changed"
    }

    /// Takes note of what the disk kept when the host crashed.
    ///
    /// - Parameter journaled: names of the windows that the journal has: these are stored again where the store lost them.
    mutating func settle(_ new: [String: [UInt8]], journaled: Set<String>) {
        let before = Set(files.keys.flatMap { contents(of: $0).keys })
        for (path, bytes) in new where files[path] != bytes && !has(path, bytes) {
            violations.append("\(path) is after a crash what it never was before")
        }
        files = new
        for identity in before.subtracting(files.keys.flatMap { contents(of: $0).keys }) {
            if journaled.contains(identity.description) {
                windows[identity] = nil
            } else {
                violations.append("window \(identity) is neither in the store nor in the journal after a crash")
            }
        }
    }

    private static func segment(at path: String) -> StoredSegment? {
        let path = FilePath(path)
        guard let name = path.lastComponent?.string else { return nil }
        // Below the store's own folder.
        let folder = FilePath(root: nil, path.removingLastComponent().components.dropFirst())
        return StoredSegment(in: folder, name: name, bytes: 0)
    }

    private mutating func store(_ path: String, _ bytes: [UInt8]) {
        guard let segment = Self.segment(at: path), segment.windows == nil else {
            return violations.append("\(path) is no window's")
        }
        if windows[segment.identity] != nil { violations.append("\(path) is stored twice") }
        windows[segment.identity] = Window(segment: segment, contents: [bytes])
    }

    private mutating func shorten(_ path: String, _ bytes: [UInt8]) {
        guard let identity = Self.segment(at: path)?.identity, let known = windows[identity] else {
            return violations.append("\(path) was changed")
        }
        shortened += 1
        if !known.contents.contains(bytes) { windows[identity]?.contents.append(bytes) }
    }

    private mutating func merge(_ old: [String], _ path: String, _ bytes: [UInt8]) {
        guard let segment = Self.segment(at: path), let count = segment.windows,
            old.allSatisfy({ Self.segment(at: $0)?.folder == segment.folder })
        else { return violations.append("\(path) is not the merged file of \(old)") }
        let parts = old.map { contents(of: $0) }
        let windows = parts.reduce(into: [:]) { $0.merge($1) { $1 } }
        guard windows.count == count, parts.reduce(0, { $0 + $1.count }) == count else {
            return violations.append("\(path) came for \(old)")
        }
        merges[path] = Merge(segment: segment, content: bytes, windows: windows)
    }

    /// The windows of a file that was seen last, and what is known of each.
    private func contents(of path: String) -> [WindowIdentity: [UInt8]] {
        if let merge = merges[path] { return merge.windows }
        guard let bytes = files[path], let identity = Self.segment(at: path)?.identity else { return [:] }
        return [identity: bytes]
    }

    private func has(_ path: String, _ bytes: [UInt8]) -> Bool {
        if let merge = merges[path] { return merge.content == bytes }
        return Self.segment(at: path).flatMap { windows[$0.identity] }?.contents.contains(bytes) ?? false
    }
}
