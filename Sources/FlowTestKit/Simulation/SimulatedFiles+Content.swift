// SPDX-License-Identifier: Apache-2.0

import SystemPackage

extension SimulatedFiles {
    mutating func read(_ file: FileDescriptor, at offset: Int, atMost count: Int) throws(Errno) -> ArraySlice<UInt8> {
        let number = try opened(file)
        guard !nodes[number].isFolder else { throw .isDirectory }
        try readSomething()
        let size = nodes[number].bytes.count
        return offset < size ? nodes[number].bytes[offset..<min(offset + count, size)] : []
    }

    mutating func write(_ file: FileDescriptor, _ bytes: [UInt8], at place: Int?) throws(Errno) -> Int {
        guard let opened = open[file.rawValue], opened.process == caller else { throw .badFileDescriptor }
        let number = opened.node
        let offset = place ?? (opened.appends ? nodes[number].bytes.count : opened.offset)
        let torn = Int.random(in: 0...bytes.count, using: &random)
        try change { $0.put(bytes[..<torn], number, offset) }
        if chance(faults.failedWrites) { throw .ioError }
        var count = bytes.count > 1 && chance(faults.shortWrites) ? max(1, torn) : bytes.count
        let growth = max(0, offset + count - nodes[number].bytes.count)
        if used + growth > faults.room {
            count -= used + growth - max(used, faults.room)
            guard count > 0 else { throw .noSpace }
        }
        put(bytes[..<count], number, offset)
        if place == nil { open[file.rawValue]?.offset = offset + count }
        note(7, count)
        return count
    }

    mutating func put(_ bytes: ArraySlice<UInt8>, _ number: Int, _ offset: Int) {
        let end = offset + bytes.count
        let before = nodes[number].bytes.count
        if end > before {
            nodes[number].bytes += Array(repeating: 0, count: end - before)
            if nodes[number].links > 0 { used += end - before }
        }
        nodes[number].bytes.replaceSubrange(offset..<end, with: bytes)
        nodes[number].touch(min(offset, before)..<end)
    }

    mutating func resize(_ file: FileDescriptor, to size: Int) throws(Errno) {
        try setLength(of: try opened(file), to: size)
        note(8, size)
    }

    mutating func setLength(of number: Int, to size: Int) throws(Errno) {
        try change { $0.cut(number, size) }
        if chance(faults.failedWrites) { throw .ioError }
        cut(number, size)
    }

    mutating func cut(_ number: Int, _ size: Int) {
        let before = nodes[number].bytes.count
        if nodes[number].links > 0 { used += size - before }
        if size < before {
            nodes[number].bytes.removeLast(before - size)
            nodes[number].touch(max(0, size - 1)..<before)
        } else {
            nodes[number].bytes += Array(repeating: 0, count: size - before)
            nodes[number].touch(before..<size)
        }
    }

    mutating func synchronize(_ descriptor: FileDescriptor) throws(Errno) {
        let number = try opened(descriptor)
        try change { $0.writeOut(number) }
        if chance(faults.failedSyncs) {
            failSync(number)
            throw .ioError
        }
        writeOut(number)
        note(9, number)
    }

    mutating func writeOut(_ number: Int) {
        guard nodes[number].isFolder else { return nodes[number].writeOut() }
        for change in changesOfNames where change.concerns(number) { change.apply(to: &nodes) }
        changesOfNames.removeAll { $0.concerns(number) }
    }

    /// Writes some of it, and takes the rest for written.
    mutating func failSync(_ number: Int) {
        guard !nodes[number].isFolder else { return }
        for block in nodes[number].dirty.sorted() where chance(0.5) { nodes[number].writeOut(block) }
        nodes[number].dirty = []
    }
}
