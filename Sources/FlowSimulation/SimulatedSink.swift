// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel
import FlowStore
import FlowTestKit
import SystemPackage

/// Sends windows to a collector, and keeps the contract of a sink. The process may die before and after each.
final class SimulatedSink: Sink {
    private let collector: Collector
    private let process: SimulatedProcess
    private let mutation: Mutation?
    private(set) var taken: UInt64
    private var answered: UInt64
    private(set) var counts = SinkCounts()
    var nextDelivery: UnixTime? { nil }

    private var current: StoredSegment?
    private var rows: [SimulatedRow] = []
    /// Taken, and not sent yet.
    private var pending: [(window: UInt64, rows: [SimulatedRow])] = []

    init(_ collector: Collector, cursor: UInt64, _ process: SimulatedProcess, _ mutation: Mutation?) {
        self.collector = collector
        self.process = process
        self.mutation = mutation
        taken = cursor
        answered = cursor
    }

    /// What is sent once at most is sent when the cursor is beyond it.
    var acknowledged: UInt64 {
        collector.promise == .atMostOnce || mutation == .cursorBeforeAcknowledgement ? taken : answered
    }

    func begin(_ window: StoredSegment) {
        current = window
        rows = []
    }

    func append(_ entry: LogEntry) { rows.append(SimulatedRow(entry)) }

    func end() throws {
        guard let window = current?.identity.sequence else { return }
        current = nil
        if collector.refuses(window) { throw SinkRefusal("it takes no such window") }
        pending.append((window, rows))
        taken = window
        counts.windows += 1
    }

    func abandon() { current = nil }

    func skip(_ window: StoredSegment) {
        taken = window.identity.sequence
        if pending.isEmpty { answered = taken }
    }

    func tend(now: UnixTime) throws {
        if collector.promise == .atLeastOnce { try send() }
    }

    func cursorIsSafe() throws {
        if collector.promise == .atMostOnce { try send() }
    }

    func finish() throws { try tend(now: UnixTime(seconds: 0)) }

    func takeNotices() -> [String] { [] }

    private func send() throws {
        while let (window, rows) = pending.first {
            try process.pass()
            if collector.promise == .atMostOnce { pending.removeFirst() }
            try collector.take(window, rows)
            try process.pass()
            guard collector.promise == .atLeastOnce else { continue }
            pending.removeFirst()
            answered = pending.isEmpty ? taken : window
        }
    }
}
