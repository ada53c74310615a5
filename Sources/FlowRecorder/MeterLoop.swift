// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel
package import Host

/// The work of the meter between two waits, one step after the other: closes the open window at its edge, empties tables that fill up,
/// and has each part in the journal before the source forgets it.
///
/// Runs on any source, journal and clock. Used from one thread; a step blocks as long as the source and the journal do. Where one
/// throws, the loop must not be used any further.
package struct MeterLoop<Source: PortSource & ~Copyable, Store: WindowJournal>: ~Copyable {
    package enum Step {
        /// There is nothing to do before `due`.
        case wait
        /// A part was taken out of the tables. `keep` must be told its ports before the next step.
        case took(Window)
        /// A window is complete and safe.
        case safe(SafeWindow)
    }

    private struct Taken {
        var part: WindowPart
        /// Asked for before the part was swapped: a port that was detached later has counts in the next one.
        var closing: [PortNumber]
    }

    package var meter: FlowMeter<Source>
    package var keeper: JournalKeeper<Store>
    private let clock: any HostClock
    private let stall: Stall
    private var taken: Taken?

    /// - Parameter stall: told of each wait for the journal's disk.
    package init(
        meter: consuming FlowMeter<Source>, keeper: consuming JournalKeeper<Store>, stall: Stall,
        clock: any HostClock = SystemClock()
    ) {
        self.meter = meter
        self.keeper = keeper
        self.stall = stall
        self.clock = clock
    }

    /// When there is something to do, unless the tables fill up before: the window's edge, or the next try of a journal that failed.
    package var due: MonotonicTime { keeper.retry ?? meter.openWindow.due }

    /// Whether the next step empties the tables.
    package var isSwapDue: Bool {
        keeper.retry == nil && (meter.source.isFillingUp || meter.closes(at: clock.now))
    }

    /// Does what is next. To be called until there is nothing to do.
    package mutating func next() throws -> Step {
        precondition(taken == nil)
        if let safe = try settle() { return .safe(safe) }
        // A part that cannot be written is in the kernel's tables: nothing may be swapped.
        guard keeper.retry == nil else { return .wait }
        if meter.source.isFillingUp, let part = try meter.takeEarly(at: clock.now) {
            return take(part, closing: [])
        }
        let now = clock.now
        guard meter.closes(at: now) else { return .wait }
        let closing = try meter.source.closingPorts()
        return try meter.takeDue(at: now).map { take($0, closing: closing) } ?? .wait
    }

    /// Ends the open window now, whatever its edge. Where the journal cannot be written, the source keeps what it holds.
    package mutating func takeLast() throws -> Step {
        precondition(taken == nil)
        if let safe = try settle() { return .safe(safe) }
        guard keeper.retry == nil else { return .wait }
        let closing = try meter.source.closingPorts()
        return try meter.takeLast(at: clock.now).map { take($0, closing: closing) } ?? .wait
    }

    /// Hands what was taken to the journal.
    ///
    /// - Parameter ports: all that can have counts in it.
    package mutating func keep(ports: [PortNumber: Port]) {
        guard let taken = taken.take() else { return }
        keeper.keep(taken.part, ports: ports, closing: taken.closing)
    }

    /// Writes what waits. Returns the window that is complete with it.
    package mutating func settle() throws -> SafeWindow? {
        guard keeper.retry != nil else { return nil }
        return try stall.during { try keeper.settle(&meter) }
    }

    private mutating func take(_ part: WindowPart, closing: [PortNumber]) -> Step {
        let window = part.window
        taken = Taken(part: part, closing: closing)
        return .took(window)
    }
}
