// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Host
import Synchronization

/// Prints the figures of all machines every few seconds, on threads and connections of its own: a call that hangs delays nothing else.
///
/// The first call that asks a machine's hypervisor which does not answer hangs with it. It is given up, and a new thread asks on a new
/// connection: libvirt knows by then that a call waits for that machine, and tells of the others.
final class Statistics: Sendable {
    private struct State {
        var identities: [String: StatisticsLine.Identity] = [:]
        /// The number of the thread that asks now.
        var asker = 0
        /// When its call began; nil while it waits for its turn.
        var began: ContinuousClock.Instant?
        /// When the call began whose figures were printed last.
        var printed: ContinuousClock.Instant?
        /// Threads whose calls were given up and have not come back.
        var lost = 0
        /// Whether the call that hangs now was told of.
        var isTold = false
    }

    private let uri: String
    private let interval: Duration
    private let state = Mutex(State())

    /// After which a call has not come back in time.
    private var deadline: Duration { min(max(interval, .seconds(2)), .seconds(5)) }

    /// Each keeps a thread of libvirtd's busy, which has 20.
    private static let mostLost = 8

    init(uri: String, interval: Duration) {
        self.uri = uri
        self.interval = interval
    }

    /// Whose the machines are, by their UUIDs. Those of earlier calls are kept for machines that do not run any more.
    func note(_ machines: [MachineDocument]) {
        state.withLock { state in
            if state.identities.count > 10_000 { state.identities = [:] }
            for machine in machines { state.identities[machine.uuid] = StatisticsLine.Identity(machine) }
        }
    }

    /// Begins; does not wait.
    func start() {
        startAsker(0)
        _ = HostThread(named: "weir-deadline", privileges: .none) { [self] in watch() }
    }

    private func startAsker(_ number: Int) {
        _ = HostThread(named: "weir-statistics", privileges: .none) { [self] in
            var isFirst = true
            while isAsker(number) {
                if !isFirst { Thread.sleep(forTimeInterval: 1) }
                isFirst = false
                ask(number)
            }
        }
    }

    /// Asks until that fails, or is given up.
    private func ask(_ number: Int) {
        guard begin(number) else { return }
        do throws(Libvirt.Failure) {
            let libvirt = try Libvirt(uri)
            while begin(number) {
                let began = ContinuousClock.now
                // Of before the call: the figures are not older than they say.
                let time = ClockAnchor.now.monotonic
                print(text(try libvirt.statistics(), read: time), began)
                guard end(number) else { return }
                Thread.sleep(forTimeInterval: max(.zero, interval - (.now - began)) / .seconds(1))
            }
        } catch {
            if end(number) { Self.print(failure: error.description) }
        }
    }

    private func isAsker(_ number: Int) -> Bool { state.withLock { $0.asker == number } }

    /// A call begins. Whether the thread is the one that asks.
    private func begin(_ number: Int) -> Bool {
        state.withLock { state in
            guard state.asker == number else { return false }
            state.began = .now
            return true
        }
    }

    /// A call has come back. Whether the thread is still the one that asks.
    private func end(_ number: Int) -> Bool {
        state.withLock { state in
            guard state.asker == number else {
                state.lost -= 1
                return false
            }
            (state.began, state.isTold) = (nil, false)
            return true
        }
    }

    /// Prints it, unless what a later call has brought is printed already.
    private func print(_ text: String, _ began: ContinuousClock.Instant) {
        let isNews = state.withLock { state in
            if let printed = state.printed, printed > began { return false }
            state.printed = began
            return true
        }
        if isNews { Output.print(text) }
    }

    /// Prints the figures of one call.
    func printOnce() throws(Libvirt.Failure) {
        let time = ClockAnchor.now.monotonic
        Output.print(text(try Libvirt(uri).statistics(), read: time))
    }

    private func text(_ statistics: borrowing Libvirt.Statistics, read time: MonotonicTime) -> String {
        let time = time.nanoseconds / 1_000_000
        let identities = state.withLock(\.identities)
        let asks = uri.hasPrefix("qemu")
        var lines: [String] = []
        for index in 0..<statistics.count {
            guard let machine = statistics.machine(index) else { continue }
            var figures: [(String, Libvirt.Statistics.Figure)] = []
            statistics.forEachFigure(of: index) { if FigureName.isWanted($0) { figures.append(($0, $1)) } }
            let line = StatisticsLine(of: machine, identities[machine.uuid], figures, time: time, asks: asks)
            lines.append(line.json)
        }
        return (lines + [#"{"machines_complete": true}"#]).joined(separator: "\n")
    }

    private static func print(failure: String) { Output.print("{\"machines_failure\":\(JSONText.quoted(failure))}") }
}

extension Statistics {
    /// Has another thread ask where a call does not come back in time.
    private func watch() {
        while true {
            Thread.sleep(forTimeInterval: deadline / .seconds(4))
            let (next, isNew) = state.withLock { state -> (Int?, Bool) in
                guard let began = state.began, .now - began > deadline else { return (nil, false) }
                defer { state.isTold = true }
                guard state.lost < Self.mostLost else { return (nil, !state.isTold) }
                defer {
                    state.asker += 1
                    state.lost += 1
                    state.began = nil
                }
                // It is said once, until all calls have come back.
                return (state.asker + 1, state.lost == 0)
            }
            let reason = "libvirt has not told statistics for \(deadline.components.seconds) s"
            if next != nil || isNew { Self.print(failure: reason) }
            if isNew { Output.complain("\(reason); names go on, and it is asked again on another connection") }
            if let next { startAsker(next) }
        }
    }
}
