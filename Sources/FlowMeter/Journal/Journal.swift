// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowModel
import Glibc
package import SystemPackage

/// The windows that are safe and not published yet: a folder of segments, one for each.
///
/// Used from the meter's thread; segments whose window ended are read and deleted by others. Blocks on the disk.
package final class Journal {
    package let folder: FilePath
    private var writer: SegmentWriter?
    /// Of the window that the writer's segment is of.
    private var key: WindowKey?
    private var nextSequence: UInt64
    /// Segments that were removed while their window was open.
    package private(set) var removedSegments = 0

    /// What the parts of a window have in common, and no other part has.
    package struct WindowKey: Equatable, Sendable {
        package var installation: UInt64
        package var firstNumber: UInt32

        package init(installation: UInt64, firstNumber: UInt32) {
            self.installation = installation
            self.firstNumber = firstNumber
        }
    }

    /// Makes the folder where it is missing, mode 0700. It is refused where other users can change it or its path; so paths below
    /// it lead where they seem to.
    ///
    /// - Parameter floor: numbers of new segments are above it, so that a number stands for one window for ever: that of the newest window
    ///   in the store, or the time.
    /// - Returns: the journal, and what earlier daemons left in it, oldest first.
    package static func open(
        _ folder: FilePath, above floor: UInt64 = 0
    ) throws(JournalError) -> (journal: Journal, segments: [Segment]) {
        let held = try JournalError.wrap(.open, folder) { try HeldFolder(folder, .ours, create: 0o700) }
        let names = try JournalError.wrap(.open, folder) { try held.names() }
        for name in names where name.hasSuffix(HeldFolder.temporaryEnding) { try? held.remove(name) }
        let segments = names.compactMap { name in
            Segment(in: folder, name: name, bytes: (try? Int64(held.facts(of: name).st_size)) ?? 0)
        }
        let journal = Journal(folder, nextSequence: max(segments.last?.sequence ?? 0, floor) + 1)
        return (journal, segments.sorted { $0.sequence < $1.sequence })
    }

    private init(_ folder: FilePath, nextSequence: UInt64) {
        self.folder = folder
        self.nextSequence = nextSequence
    }

    /// Of the window that is not complete yet.
    package var openBytes: Int64 { writer?.segment.bytes ?? 0 }

    /// Writes a part behind the others of its window; it is on the disk when this returns.
    ///
    /// - Returns: the segment, where the window ended with it.
    package func append(
        _ part: borrowing WindowPart, installation: UInt64, ports: [PortNumber: Port]
    ) throws(JournalError) -> Segment? {
        let key = WindowKey(installation: installation, firstNumber: part.firstNumber)
        let writer = try writer(for: key)
        try writer.append(part, PartDescription(part, installation: installation, ports: ports))
        guard part.isLast else { return nil }
        self.writer = nil
        return writer.segment
    }

    /// Writes a part behind the others of its window, piece by piece where it has several; then its flows are in the
    /// journal alone.
    ///
    /// - Parameter drain: puts a piece of the part's flows in the place of what the table holds.
    package func append(
        _ part: inout WindowPart, installation: UInt64, ports: [PortNumber: Port],
        draining drain: (FlowPiece, inout FlowTable) throws -> Void
    ) throws -> Segment? {
        guard part.pieces > 1 else { return try append(part, installation: installation, ports: ports) }
        let key = WindowKey(installation: installation, firstNumber: part.firstNumber)
        let writer = try writer(for: key)
        var description = PartDescription(part, installation: installation, ports: ports)
        var sums = FlowSums()
        try writer.begin(description)
        for index in 0..<part.pieces {
            try drain(FlowPiece(index, of: part.pieces), &part.flows)
            sums.add(part.flows)
            try writer.add(part.flows.records)
        }
        description.flows = sums.flows
        try writer.end(description)
        part.flows.take(.whole)
        part.journaled = sums
        guard part.isLast else { return nil }
        self.writer = nil
        return writer.segment
    }

    private func writer(for key: WindowKey) throws(JournalError) -> SegmentWriter {
        if let writer, self.key == key {
            if !writer.isRemoved { return writer }
            removedSegments += 1
        }
        try JournalError.wrap(.open, folder) { _ = try HeldFolder(folder, .ours, create: 0o700) }
        let writer = try SegmentWriter(creating: Segment(in: folder, sequence: nextSequence))
        nextSequence += 1
        self.writer = writer
        self.key = key
        return writer
    }
}

extension Journal {
    /// Goes on with a segment whose window did not end, behind what was read of it.
    package func resume(_ segment: Segment, _ content: borrowing SegmentContent) throws(JournalError) {
        writer = try SegmentWriter(resuming: segment, after: content)
        key = content.key
    }

    /// Puts the totals of a window in the place of its flows.
    ///
    /// - Parameter mostFlows: that are to be in memory at a time.
    /// - Returns: the segment as it is now, and what was given up.
    package static func giveUp(
        _ segment: Segment, mostFlows: Int = .max
    ) throws(JournalError) -> (segment: Segment, flows: Int, packets: PacketCount) {
        let pieces = JournaledPieces(segment, mostFlows: mostFlows)
        guard let window = try pieces.read(0) else { return (segment, 0, .zero) }
        var flows = window.closed.flows.count
        for index in 1..<max(1, pieces.count) { flows += try pieces.read(index)?.closed.flows.count ?? 0 }
        let packets = window.sums.recorded.values.reduce(.zero, +)
        let (part, description) = window.givenUp(flows: flows)
        let short = try SegmentWriter.replace(segment, by: part, description, isPrinted: window.isPrinted)
        return (short, flows, packets)
    }

    /// Waits until a segment that was found is on the disk: the process that wrote it may have been killed before it was.
    package static func synchronize(_ segment: Segment) throws(JournalError) {
        try JournalError.wrap(.write, segment.path) {
            let file = try HeldFolder.open(segment.path, O_WRONLY)
            try file.closeAfter { try file.synchronize() }
            try HeldFolder.synchronize(nameOf: segment.path)
        }
    }

    /// Removes a segment whose window is published, or was never complete.
    package static func delete(_ segment: Segment) throws(JournalError) {
        try JournalError.wrap(.write, segment.path) {
            try HeldFolder.remove(segment.path)
        }
    }

    /// Moves a segment that cannot be read aside, for inspection.
    package static func setAside(_ segment: Segment) throws(JournalError) {
        try JournalError.wrap(.write, segment.path) {
            try HeldFolder.rename(segment.path, to: segment.name + ".damaged")
        }
    }
}
