// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowRecorder
import FlowStore
import FlowVerdict
import Foundation
import Logging
import SystemPackage
import Testing

/// Failures are counted where they happen, and by what fails: the store, or the journal.
@Suite struct WindowStoreTests {
    private struct NoJudge: VerdictJudge {
        func judge(of window: Window) -> (any WindowJudge)? { nil }
    }

    private static let retention = StoreRetention(age: .seconds(86_400), bytes: .max)

    private static func withStore(_ body: (WindowStore, FilePath) throws -> Void) throws {
        let folder = "/tmp/weir-t-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let path = FilePath(folder)
        let store = WindowStore(
            try StoreWriter(path.appending("flows"), retention), judges: JudgeChain(policy: NoJudge()),
            logger: Logger(label: "weir") { _ in SwiftLogNoOpLogHandler() })
        try body(store, path)
    }

    /// What is in the way of a segment: it is there, and cannot be read.
    private static func unreadableSegment(below path: FilePath) throws -> Segment {
        let folder = path.appending("journal")
        try FileManager.default.createDirectory(
            atPath: folder.string, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        try FileManager.default.createDirectory(
            atPath: folder.string + "/0000000000000001-0000000000000002.window", withIntermediateDirectories: false)
        return try #require(try Journal.open(folder).segments.first)
    }

    @Test func `a segment that cannot be read is a failure of the journal`() throws {
        try Self.withStore { store, path in
            let segment = try Self.unreadableSegment(below: path)
            for _ in 0..<3 {
                guard case .failed = store.deliver(WaitingWindow(segment)) else {
                    Issue.record("the segment was read")
                    return
                }
            }
            #expect(store.failure == nil && store.storeFailures == 0)
            #expect(store.journalFailure?.hasPrefix("cannot read from the journal ") == true)
            #expect(store.journalFailures == 1)
        }
    }

    /// As a daemon does after a crash: all that it knows is in the journal.
    @Test func `a window that is read from the journal has the names that were known at its end`() throws {
        try Self.withStore { store, path in
            let identity = PortIdentity(vpcID: "a", instanceID: "i-1", instanceName: "web 1", projectName: "shop")
            let port = Port(
                number: PortNumber(1), name: "tap1", role: .guest, identity: identity,
                addresses: [IPAddress(v4: 0x0A00_0001)])
            let key = FlowKey(
                port: port.number, direction: .egress, transport: 6, source: port.addresses[0],
                destination: IPAddress(v4: 0x0A00_0002), sourcePort: 40_000, destinationPort: 443)
            var flows = FlowTable()
            let time = MonotonicTime(nanoseconds: 100_000_000_000)
            flows.merge(
                key, FlowCounters(count: PacketCount(packets: 3, octets: 180), first: time, last: time))
            var totals = PortTotals()
            (totals.seen, totals.ip) = (PacketCount(packets: 3, octets: 180), PacketCount(packets: 3, octets: 180))
            let start = UnixTime(seconds: 1_800_000_000)
            let window = Window(
                number: 1, start: start, end: start.advanced(by: .seconds(60)), endReason: .activeTimeout)
            let part = WindowPart(
                window: window, firstNumber: 1, anchor: ClockAnchor(monotonic: time, realtime: start), flows: flows,
                totals: [PortSide(port: port.number, direction: .egress): totals], samples: [:])
            let segment = try #require(
                try Journal.open(path.appending("journal")).journal.append(
                    part, installation: 1, ports: [port.number: port]))
            store.networks = [NamedNetwork(prefix: try #require(AddressPrefix("10.0.0.0/8")), name: "office")]
            guard case .stored(_, let records) = store.deliver(WaitingWindow(segment)) else {
                Issue.record("the window was not stored")
                return
            }
            var stored: [FlowRecord] = []
            try StoreReader(path.appending("flows")).forEachEntry(StoreQuery()) { entry in
                if case .flow(let record) = entry { stored.append(record) }
            }
            #expect(records == 1 && stored.map(\.count.packets) == [3])
            #expect(stored.map(\.port.identity) == [identity])
            #expect(stored.map(\.sourceName?.text) == ["web 1"] && stored.map(\.destinationName?.text) == ["office"])
        }
    }

    @Test func `a store that cannot be made is a failure of the store, and ends when another one can`() throws {
        try Self.withStore { store, path in
            for _ in 0..<2 {
                store.reconfigure("/dev/null/flows", Self.retention)
                store.reconfigure("/dev/null/flows", Self.retention)
                #expect(store.failure?.contains("/dev/null/flows") == true && store.journalFailure == nil)
                store.reconfigure(path.appending("flows"), Self.retention)
                #expect(store.failure == nil)
            }
            #expect(store.storeFailures == 2 && store.journalFailures == 0)
        }
    }
}
