// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowFilter
import FlowModel
import FlowStore
import FlowViews
import Foundation
import Host
import SystemPackage
import WeirConfiguration

/// Where the store is, and where the pins and the daemon are, whose open window can be added to it.
enum ReadingKeys: KeyChoice {
    static let table = ConfigurationKeys.all.only("store", "state-dir", "bpffs", "socket")
}

/// The store that a command reads.
struct StorePlace {
    let path: String
    let configuration: Configuration
    /// Whether the command line names it: then it may be the store of another host.
    let isNamed: Bool

    init(_ options: KeyOptions<some KeyChoice>) throws {
        let merged = try options.merged()
        configuration = merged.root
        path = configuration.store
        if case .flag = merged.source(of: "store") { isNamed = true } else { isNamed = false }
    }

    /// Opens it to read, after making sure that it is one.
    func reader() throws -> StoreReader {
        let reader = try StoreReader(FilePath(path))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let isStore =
            names.isEmpty || names.contains("growing")
            || names.contains { $0.count == 4 && $0.allSatisfy(\.isNumber) }
        guard isStore else {
            throw UnknownStore(
                description: "cannot read the store \(path): the folder is not a store of Weir's; "
                    + "name the folder that weir run --store writes (--store)")
        }
        return reader
    }

    private struct UnknownStore: Error, CustomStringConvertible { let description: String }
}

/// The time and the filter of a command that reads the store.
struct StoreSelection {
    static let services = ServiceNames.read()
    let now: UnixTime

    init(now: UnixTime = ClockAnchor.now.realtime) { self.now = now }

    /// - Throws: UsageError.
    func filter(_ words: [String]) throws -> FlowFilter? {
        try words.isEmpty ? nil : filter(words.joined(separator: " "))
    }

    func filter(_ text: String) throws -> FlowFilter {
        do {
            return try FlowFilter(text, service: Self.services.port(of:))
        } catch {
            throw UsageError(description: "\(error)")
        }
    }

    /// Unix seconds.
    func since(_ text: String) throws -> Int64 {
        let second = try LogTime.seconds(text, now: now, "--since")
        guard second <= now.seconds else {
            throw UsageError(
                description:
                    "--since \(text) lies in the future: it is \(TimeText(utc: false).clock.full(now.seconds)) now")
        }
        return second
    }

    /// Unix seconds.
    func until(_ text: String, after since: Int64?) throws -> Int64 {
        let second = try LogTime.seconds(text, now: now, "--until")
        guard since.map({ $0 < second }) ?? true else {
            throw UsageError(description: "--until \(text) is not later than --since: swap them, or change one")
        }
        return second
    }

    /// Says so where the store has no window of that time: then that is why there is nothing to show.
    func sayIfEmpty(_ reader: StoreReader, since: Int64?, until: Int64?) throws {
        guard try reader.segments(since: since, until: until).isEmpty else { return }
        let all = try reader.segments()
        guard let first = all.map(\.start).min(), let last = all.last?.end else {
            return Output.warn("the store has no window yet")
        }
        let clock = TimeText(utc: false).clock
        Output.warn("the store has no window of that time: it holds \(clock.full(first)) to \(clock.full(last))")
    }
}
