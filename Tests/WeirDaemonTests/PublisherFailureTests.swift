// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import Foundation
import Logging
import Testing
import WeirConfiguration
import WeirDaemon

/// Failures are counted where they happen, and by what fails: a sink, or the journal.
@Suite struct PublisherFailureTests {
    private static func withPublisher(_ body: (Publisher, Configuration, StateDirectory) throws -> Void) throws {
        let folder = "/tmp/weir-t-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = Configuration(flowLogID: "fl-0")
        configuration.stateDirectory = folder + "/state"
        configuration.logDirectory = folder + "/logs"
        let state = try StateDirectory(configuration.stateDirectory)
        let publisher = try Publisher(
            configuration: configuration, state: state,
            logger: Logger(label: "weir") { _ in SwiftLogNoOpLogHandler() })
        try body(publisher, configuration, state)
    }

    /// What is in the way of a segment: it is there, and cannot be read.
    private static func unreadableSegment(in state: StateDirectory) throws -> Segment {
        let folder = "\(state.journal)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        try FileManager.default.createDirectory(
            atPath: folder + "/0000000000000001-0000000000000002.window", withIntermediateDirectories: false)
        return try #require(try Journal.open(state.journal).segments.first)
    }

    @Test func `a segment that cannot be read is a failure of the journal`() throws {
        try Self.withPublisher { publisher, _, state in
            let segment = try Self.unreadableSegment(in: state)
            for _ in 0..<3 {
                guard case .failed = publisher.deliver(Waiting(segment)) else {
                    Issue.record("the segment was read")
                    return
                }
            }
            #expect(publisher.failure == nil && publisher.sinkFailures == 0)
            #expect(publisher.journalFailure?.hasPrefix("cannot read from the journal ") == true)
            #expect(publisher.journalFailures == 1)
        }
    }

    @Test func `a log directory that cannot be made is a failure of a sink, and ends when another one can`() throws {
        try Self.withPublisher { publisher, configuration, _ in
            for _ in 0..<2 {
                var next = configuration
                next.logDirectory = "/dev/null/logs"
                publisher.reconfigure(next)
                publisher.reconfigure(next)
                #expect(publisher.failure?.contains("/dev/null/logs") == true && publisher.journalFailure == nil)
                publisher.reconfigure(configuration)
                #expect(publisher.failure == nil)
            }
            #expect(publisher.sinkFailures == 2 && publisher.journalFailures == 0)
        }
    }
}
