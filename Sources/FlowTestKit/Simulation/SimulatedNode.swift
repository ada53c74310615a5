// SPDX-License-Identifier: Apache-2.0

/// A file or folder of a simulated file system: as processes see it, and as the disk has it.
struct SimulatedNode: Sendable {
    let isFolder: Bool
    let mode: UInt32
    /// How many names lead to it.
    var links = 0
    /// Of a file: its bytes, as the page cache has them.
    var bytes: [UInt8] = []
    /// Of a file: its bytes on the disk.
    var durable: [UInt8] = []
    /// Blocks that are to be written to the disk. After an fsync that failed there are none, although the disk lacks them.
    var dirty: Set<Int> = []
    /// Of a folder: the node that each name leads to.
    var names: [String: Int] = [:]
    /// Of a folder: the names on the disk.
    var durableNames: [String: Int] = [:]

    /// What the kernel writes to a disk at a time.
    static let block = 4096

    init(isFolder: Bool, mode: UInt32) {
        self.isFolder = isFolder
        self.mode = mode
    }

    /// Marks the blocks of those bytes as changed.
    mutating func touch(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        for block in range.lowerBound / Self.block...(range.upperBound - 1) / Self.block { dirty.insert(block) }
    }

    /// Writes a block, or the first bytes of it, to the disk.
    mutating func writeOut(_ block: Int, upTo count: Int = block) {
        let start = block * Self.block
        let end = min(start + count, bytes.count)
        guard start < end else { return }
        if durable.count < end { durable += Array(repeating: 0, count: end - durable.count) }
        durable.replaceSubrange(start..<end, with: bytes[start..<end])
    }

    /// Writes all that is changed to the disk, the length as well.
    mutating func writeOut() {
        for block in dirty { writeOut(block) }
        dirty = []
        setDurableLength()
    }

    mutating func setDurableLength() {
        if durable.count > bytes.count {
            durable.removeLast(durable.count - bytes.count)
        } else if durable.count < bytes.count {
            durable += Array(repeating: 0, count: bytes.count - durable.count)
        }
    }
}

/// A change of names that a disk may not have yet.
struct NameChange: Sendable {
    struct Place: Sendable {
        let folder: Int
        let name: String
    }

    /// Names that lead to something else from now on: one, or two that were exchanged.
    var added: [(place: Place, node: Int)] = []
    var removed: Place?

    func concerns(_ folder: Int) -> Bool {
        removed?.folder == folder || added.contains { $0.place.folder == folder }
    }

    /// Makes it durable. A disk never lacks both names of a file that was renamed.
    func apply(to nodes: inout [SimulatedNode]) {
        for (place, node) in added { nodes[place.folder].durableNames[place.name] = node }
        if let removed { nodes[removed.folder].durableNames[removed.name] = nil }
    }
}
