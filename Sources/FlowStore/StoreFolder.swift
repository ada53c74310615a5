// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowModel
import Glibc
package import SystemPackage

/// The folder of a store, held open.
package struct StoreFolder {
    package let path: FilePath
    let folder: HeldFolder

    /// Where segments grow until they are whole; what is in it at the start is a dead process's.
    static let growing = "growing"

    /// Opens a store to read it.
    package init(reading path: FilePath) throws(StoreError) {
        self.path = path
        folder = try StoreError.wrap(.read, path) { try HeldFolder(path, .anyFolder) }
    }

    /// Opens a store to write it, and makes it where it is missing.
    init(writing path: FilePath) throws(StoreError) {
        self.path = path
        folder = try StoreError.wrap(.use, path) { try HeldFolder(path, .ours, create: 0o750) }
    }

    /// All segments with a line in that time, or all without bounds, the oldest first. What has no segment's name is passed over.
    ///
    /// - Parameters:
    ///   - since: Unix seconds.
    ///   - until: Unix seconds; lines that begin then are not in it.
    package func segments(since: Int64? = nil, until: Int64? = nil) throws(StoreError) -> [StoredSegment] {
        var found: [StoredSegment] = []
        // A segment lies in the folder of its end, and may have begun before. So later folders can hold earlier lines, and no folder
        // earlier than `since` can.
        let first = since.map { StoredSegment.folder(of: $0) }
        for year in try names(in: "", digits: 4) {
            for month in try names(in: FilePath(year), digits: 2) {
                for day in try names(in: FilePath("\(year)/\(month)"), digits: 2) {
                    for hour in try names(in: FilePath("\(year)/\(month)/\(day)"), digits: 2) {
                        let place = FilePath("\(year)/\(month)/\(day)/\(hour)")
                        if let first, place.string < first.string { continue }
                        found += try segments(in: place)
                    }
                }
            }
        }
        return found.filter { $0.end >= since ?? .min && $0.start < until ?? .max }.sorted()
    }

    /// The same, of one hour.
    func segments(in hour: FilePath, since: Int64?, until: Int64?) throws(StoreError) -> [StoredSegment] {
        try segments(in: hour).filter { $0.end >= since ?? .min && $0.start < until ?? .max }.sorted()
    }

    private func names(in place: FilePath, digits: Int) throws(StoreError) -> [String] {
        try StoreError.wrap(.read, path.appending(place.components)) {
            do {
                return try folder.folder(place).names().filter { $0.count == digits && $0.allSatisfy(\.isNumber) }
            } catch let error as Errno where [.notDirectory, .noSuchFileOrDirectory].contains(error) {
                // Another file, or a folder that has just gone for its age.
                return []
            }
        }
    }

    func segments(in place: FilePath) throws(StoreError) -> [StoredSegment] {
        try StoreError.wrap(.read, path.appending(place.components)) {
            guard let hour = try? folder.folder(place) else { return [] }
            var found: [StoredSegment] = []
            for name in try hour.names() {
                guard var segment = StoredSegment(in: place, name: name, bytes: 0),
                    let facts = try? hour.facts(of: name),
                    facts.st_mode & S_IFMT == S_IFREG
                else { continue }
                segment.bytes = Int64(facts.st_size)
                found.append(segment)
            }
            return found
        }
    }
}
