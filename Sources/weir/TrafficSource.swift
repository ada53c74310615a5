// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowFilter
import FlowModel
import FlowRecorder
import FlowStore
import FlowViews
import Foundation
import Host
import LiveStatus
import SystemPackage
import WeirConfiguration

/// Where sums of groups come from: the store, and the flows of the window that is open now.
struct TrafficSource {
    struct Answer {
        let fields: [GroupField]
        let totals: StoreTotals
        /// Unix seconds between which it was measured, as far as it was asked for.
        let start: Int64
        let end: Int64
        /// Whether the flows of the open window are counted.
        let hasOpenWindow: Bool
        let damages: [StoreDamage]
        /// What else the operator should know.
        let notes: [String]

        func ranking(_ measure: Measure) -> Ranking {
            Ranking(totals, by: fields, measure, start: start, end: end)
        }
    }

    private let place: StorePlace
    private let reader: StoreReader
    private var kept: Kept?

    init(_ place: StorePlace) throws {
        self.place = place
        reader = try place.reader()
    }

    /// - Parameters:
    ///   - until: Unix seconds; nil: now, with the open window.
    ///   - now: Unix seconds.
    mutating func answer(
        by fields: [GroupField], _ filter: FlowFilter?, since: Int64, until: Int64?, now: Int64
    ) throws -> Answer {
        let query = StoreQuery(since: since, until: until, filter: filter)
        let segments = try reader.segments(since: since, until: until)
        // First the store: a window that closes meanwhile is missing until the next answer, but never counted twice.
        let stored = try stored(query, fields, segments)
        let open = until == nil ? openWindow() : OpenWindow()
        let entries = open.entries.filter { query.takes($0) }
        let totals =
            entries.isEmpty
            ? stored.totals : stored.totals.adding(StoreTotals(entries, query, by: fields.columns))
        let starts = segments.map(\.start) + entries.map(\.window.start.seconds)
        let end = open.isKnown ? now : min(until ?? now, segments.map(\.end).max() ?? now)
        return Answer(
            fields: fields, totals: totals, start: min(end, max(since, starts.min() ?? since)), end: end,
            hasOpenWindow: open.isKnown, damages: reader.damages, notes: open.notes)
    }

    // MARK: The store

    /// What was read last.
    private struct Kept {
        let query: StoreQuery
        let fields: [GroupField]
        let segments: [StoredSegment]
        let totals: StoreTotals

        /// Whether it is still right, but for records that have grown too old by a sixtieth of the time at most.
        func holds(for query: StoreQuery, _ fields: [GroupField], _ segments: [StoredSegment], now: Int64) -> Bool {
            guard let since = query.since, let old = self.query.since else { return false }
            return self.query.filter == query.filter && self.query.until == query.until && self.fields == fields
                && self.segments == segments && since >= old && since - old <= (now - since) / 60
        }
    }

    private mutating func stored(
        _ query: StoreQuery, _ fields: [GroupField], _ segments: [StoredSegment]
    ) throws -> Kept {
        if let kept, kept.holds(for: query, fields, segments, now: ClockAnchor.now.realtime.seconds) { return kept }
        let totals = try reader.totals(query, by: fields.columns)
        let fresh = Kept(query: query, fields: fields, segments: segments, totals: totals)
        kept = fresh
        return fresh
    }

    // MARK: The open window

    private struct OpenWindow {
        var entries: [LogEntry] = []
        var isKnown = false
        var notes: [String] = []
    }

    private func openWindow() -> OpenWindow {
        // A store that is named may be that of another host.
        guard !place.isNamed else { return OpenWindow(notes: ["the store alone (--store)"]) }
        do {
            let entries = try OpenFlows(place.configuration).entries()
            return OpenWindow(entries: entries, isKnown: true, notes: waiting())
        } catch let error as KernelError where error.code == .notFound {
            return OpenWindow(notes: ["nothing is measured now"])
        } catch let error as KernelError where error.code == .notPermitted {
            return OpenWindow(notes: ["without the open window: it takes root"])
        } catch {
            return OpenWindow(notes: ["without the open window: \(error)"])
        }
    }

    /// Windows that are closed and not in the store yet: what they counted is missing for some seconds.
    private func waiting() -> [String] {
        guard case .report(let daemon) = ControlClient.ask(at: place.configuration.socket),
            daemon.journal.windowsWaiting > 0
        else { return [] }
        return ["\(counted(daemon.journal.windowsWaiting, "closed window is", "closed windows are")) not stored yet"]
    }
}
