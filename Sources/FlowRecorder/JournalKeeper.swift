// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import FlowMeter
package import FlowModel
package import Host
package import Logging
import SystemPackage

/// A window that is safe: in the journal, whatever happens to the daemon.
package struct SafeWindow {
    package var window: ClosedWindow
    package var ports: [PortNumber: Port]
    package var segment: Segment
}

/// Makes parts durable before the kernel forgets them.
///
/// Holds at most one part that is not: while it does, nothing may be swapped, and the open window goes on. Used from
/// the meter's thread.
package struct JournalKeeper<Store: WindowJournal>: ~Copyable {
    private struct Pending {
        var part: WindowPart
        /// Detached before it was swapped: what they counted is in it, and they can be forgotten with it.
        var closing: [PortNumber]
    }

    private let journal: Store
    private let installation: UInt64
    private let logger: Logger
    private let clock: any HostClock
    private var pending: Pending?
    private var nextTry = MonotonicTime(nanoseconds: 0)
    /// Of the open window so far.
    private var ports: [PortNumber: Port] = [:]
    /// What writing failed with last; nil while all is well.
    package private(set) var failure: String?
    /// How often writing began to fail.
    package private(set) var failures: UInt64 = 0
    /// Kinds of failures that were said since all was well.
    private var said: Set<String> = []
    /// Segments of open windows that were removed, as far as that was said.
    private var removals = 0

    /// How long a journal that cannot be written is left alone.
    private static var patience: Duration { .seconds(1) }

    package init(journal: Store, installation: UInt64, logger: Logger, clock: any HostClock = SystemClock()) {
        self.journal = journal
        self.installation = installation
        self.logger = logger
        self.clock = clock
    }

    /// Whether a part waits: then this is when it is tried again.
    package var retry: MonotonicTime? { pending == nil ? nil : nextTry }

    /// Of the window that is not complete yet.
    package var openBytes: Int64 { journal.openBytes }

    /// Takes a part; `settle` makes it durable.
    ///
    /// - Parameter closing: ports that were detached before it was swapped.
    package mutating func keep(_ part: consuming WindowPart, ports: [PortNumber: Port], closing: [PortNumber] = []) {
        self.ports.merge(ports) { $1.covering($0) }
        pending = Pending(part: part, closing: closing)
        nextTry = MonotonicTime(nanoseconds: 0)
    }

    /// Writes the part that waits, and lets the kernel forget it. Returns the window where it was its last.
    ///
    /// A journal that cannot be written is said once; then the part goes on waiting.
    package mutating func settle<Source: PortSource & ~Copyable>(
        _ meter: inout FlowMeter<Source>
    ) throws -> SafeWindow? {
        guard clock.now.monotonic >= nextTry, var kept = pending.take() else { return nil }
        let segment: Segment?
        do {
            segment = try append(&kept.part, from: meter)
        } catch let error as JournalError {
            pending = kept
            fail(error)
            return nil
        }
        succeed()
        sayRemovals()
        return try release(kept.part, closing: kept.closing, segment, &meter)
    }

    private func append<Source: PortSource & ~Copyable>(
        _ part: inout WindowPart, from meter: borrowing FlowMeter<Source>
    ) throws -> Segment? {
        let window = part.window.number
        return try journal.append(&part, installation: installation, ports: ports) { piece, flows in
            try meter.drain(piece, of: window, into: &flows)
        }
    }

    private mutating func release<Source: PortSource & ~Copyable>(
        _ part: consuming WindowPart, closing: [PortNumber], _ segment: Segment?, _ meter: inout FlowMeter<Source>
    ) throws -> SafeWindow? {
        let window = try meter.release(part)
        try meter.source.forget(closing)
        guard let window, let segment else { return nil }
        defer { ports = [:] }
        return SafeWindow(window: window, ports: ports, segment: segment)
    }

    private mutating func fail(_ error: JournalError) {
        nextTry = clock.now.monotonic.advanced(by: Self.patience)
        if said.insert(error.kind).inserted { logger.error("\(error); measuring goes on in the open window") }
        if failure == nil { failures += 1 }
        failure = "\(error)"
    }

    private mutating func sayRemovals() {
        guard journal.removedSegments > removals else { return }
        removals = journal.removedSegments
        logger.warning(
            "the journal's segment of the open window was removed; the window is still in memory, and the rest of it is written to another"
        )
    }

    private mutating func succeed() {
        guard failure != nil else { return }
        logger.notice("writing the journal works again")
        failure = nil
        said = []
    }
}

extension JournalKeeper where Store == Journal {
    /// Takes up what earlier daemons left behind: parts of windows that did not end, and what the kernel still holds.
    ///
    /// - Parameters:
    ///   - segments: of the journal, oldest first.
    ///   - ports: as they are now, for what the kernel holds.
    ///   - unreleased: the window that is closed and that the kernel still holds, if there is one.
    /// - Returns: the segments whose windows are to be stored.
    package mutating func takeUp<Source: PortSource & ~Copyable>(
        _ segments: [Segment], ports: [PortNumber: Port], unreleased: OpenWindow?, _ meter: inout FlowMeter<Source>
    ) throws -> [Segment] {
        let (segments, isJournaled) = try takeUp(segments, unreleased, &meter)
        guard let unreleased else { return segments }
        if isJournaled {
            try meter.source.release(unreleased.number)
        } else {
            logger.notice("taking over a window that an earlier daemon closed and did not write down")
            keep(try meter.leftover(of: unreleased), ports: ports)
        }
        return segments
    }

    /// Takes up all that an earlier version counted, whose programs are gone: its open window ends with it.
    ///
    /// Throws where the journal cannot be written; then it can be tried again.
    ///
    /// - Parameters:
    ///   - windows: that the kernel still holds, the open one last.
    ///   - open: the number of the open window.
    /// - Returns: the segments whose windows are to be stored.
    package mutating func takeUp<Source: PortSource & ~Copyable>(
        _ segments: [Segment], ports: [PortNumber: Port], windows: [OpenWindow], open: UInt32,
        fromEarlier meter: inout FlowMeter<Source>
    ) throws -> [Segment] {
        var (segments, isJournaled) = try takeUp(segments, windows.first, &meter)
        for window in windows {
            if isJournaled {
                try meter.source.release(window.number)
                isJournaled = false
                continue
            }
            let part = window.number == open ? try meter.takeLast(at: clock.now) : try meter.leftover(of: window)
            guard let part else { continue }
            keep(part, ports: ports)
            if let safe = try settle(&meter) { segments.append(safe.segment) }
            if let failure { throw TakeOverFailure(reason: failure) }
        }
        return segments
    }

    /// - Parameter unreleased: the first window that the kernel still holds of those that are closed.
    /// - Returns: the segments to be published, and whether the journal has that window's last part already.
    private mutating func takeUp<Source: PortSource & ~Copyable>(
        _ segments: [Segment], _ unreleased: OpenWindow?, _ meter: inout FlowMeter<Source>
    ) throws -> (segments: [Segment], isJournaled: Bool) {
        if segments.isEmpty {
            // An earlier daemon may have been killed before the disk knew what had left the journal.
            try HeldFolder(journal.folder, .anyFolder).synchronize()
        }
        guard let last = segments.last, var content = try read(last, atMost: meter.mostFlows) else {
            return (segments, false)
        }
        let isJournaled = content.holds(unreleased?.number, of: installation)
        if unreleased != nil, !isJournaled { content.dropUnclosedPart() }
        let goesOn = try takeUp(last, content, unreleased, &meter)
        return (goesOn ? segments.dropLast() : segments, isJournaled)
    }

    /// What is in a segment, and on the disk: the kernel may be about to forget it. nil where another process put something in its place, or
    /// took it away.
    ///
    /// Throws where the disk fails: whether the part that the kernel holds is in the segment decides whether it is counted once.
    ///
    /// - Parameter mostFlows: that there is memory for; where there may be more, they are left in the journal.
    private func read(_ segment: Segment, atMost mostFlows: Int) throws(JournalError) -> SegmentContent? {
        do throws(JournalError) {
            try Journal.synchronize(segment)
            return try SegmentReader.read(segment, segment.mostFlows > mostFlows ? .none : .whole)
        } catch {
            guard Self.foreign.contains(error.reason) else { throw error }
            logger.error("\(error)")
            return nil
        }
    }

    private static var foreign: [Errno] {
        [.noSuchFileOrDirectory, .isDirectory, .tooManySymbolicLinkLevels, .permissionDenied]
    }

    /// Whether the segment is not to be stored now: its window goes on, or there is nothing in it.
    private mutating func takeUp<Source: PortSource & ~Copyable>(
        _ segment: Segment, _ content: consuming SegmentContent, _ unreleased: OpenWindow?,
        _ meter: inout FlowMeter<Source>
    ) throws -> Bool {
        // A file that was made and not written, or whose only part the kernel still has.
        if content.parts.isEmpty, unreleased != nil || segment.bytes == 0 {
            try Journal.delete(segment)
            return true
        }
        let going = [meter.openWindow.firstNumber, unreleased?.firstNumber].compactMap(\.self)
        guard !content.isComplete, let key = content.key, key.installation == installation,
            going.contains(key.firstNumber)
        else { return false }
        if !content.isIntact { logger.error("the journal's segment \(segment.name) is damaged") }
        try journal.resume(segment, content)
        for index in content.parts.indices {
            ports.merge(content.parts[index].description?.ports ?? [:]) { $1.covering($0) }
            if let part = content.parts[index].takePart() { _ = meter.adopt(part) }
        }
        return true
    }
}

extension SegmentContent {
    /// Whether the part of that number is there in full.
    fileprivate func holds(_ number: UInt32?, of installation: UInt64) -> Bool {
        parts.contains { part in
            part.isClosed && part.description?.installation == installation
                && part.description?.window.number == number
        }
    }
}

/// A journal that cannot take what an earlier version counted.
struct TakeOverFailure: Error, CustomStringConvertible {
    let reason: String

    var description: String { "cannot take over from an earlier version: \(reason); its tables keep what they hold" }
}
