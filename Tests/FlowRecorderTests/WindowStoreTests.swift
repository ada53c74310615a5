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
