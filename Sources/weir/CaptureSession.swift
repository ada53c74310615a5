// SPDX-License-Identifier: Apache-2.0

import CopiedFrames
import DaemonReports
import FlowKernel
import FlowModel
import FlowViews
import Foundation
import Host
import HostVerdicts
import TapService
import WeirConfiguration

/// What the operator wants captured, and what is to become of it.
struct CaptureChoice {
    /// Of the request to the daemon.
    var fields: [String: TapJSON]
    /// What is chosen of the ports' frames; nil: everything.
    var words: String?
    var packetLength: UInt32?
    var count: UInt64?
    var duration: Duration?
    /// nil: lines.
    var target: CaptureTarget?
    var isJSON: Bool
    var isUTC: Bool
}

/// One capture, from the request to the daemon to the last frame.
///
/// The daemon makes the ring and the session; this process opens the ring, which takes privileges, gives them up, and reads.
struct CaptureSession {
    private let choice: CaptureChoice
    private let client: TapClient
    private let policy: PolicyState
    private let stateDirectory: String

    init(_ choice: CaptureChoice, _ configuration: Configuration) {
        self.choice = choice
        client = TapClient(socket: configuration.socket)
        policy = PolicyState(stateDirectory: configuration.stateDirectory)
        stateDirectory = configuration.stateDirectory
    }

    func run() throws {
        // What reads standard output may go away.
        signal(SIGPIPE, SIG_IGN)
        let signals = AwaitedSignals(blocking: [SIGINT, SIGTERM])
        let begun: TapCaptureView
        do throws(TapClient.Refusal) { begun = try client.beginCapture(choice.fields) } catch {
            if error.isUsage { throw UsageError(description: error.description) }
            throw error
        }
        var reader: CaptureReader
        do { reader = try prepare(begun) } catch {
            _ = try? client.endCapture(begun.id)
            throw error
        }
        say(begun)
        let companion = try CaptureCompanion(client, begun.id)
        companion.start(signals)
        let end = reader.read(companion)
        try conclude(end, companion, &reader)
    }

    /// Opens all that takes privileges, and gives these up. Called while the process has one thread.
    private func prepare(_ begun: TapCaptureView) throws -> CaptureReader {
        let found = try CopyRing.open(begun.ring.mapID)
        let size = found.size
        let ring = try RecordRing(found.takeDescriptor(), size: size)
        // The zone is read from a file.
        let clock = TimeText(utc: choice.isUTC).clock
        _ = clock.time(ClockAnchor.now.realtime.seconds)
        var output = makeOutput(clock)
        let folder = choice.target?.folder
        // Files one after the other are all made without privileges, or none.
        if folder == nil { try open(&output) }
        let isThere = FileManager.default.fileExists(atPath: stateDirectory)
        let rules = CaptureRules(policy)
        _ = try Confinement.enter(
            reading: isThere ? [stateDirectory] : [], writing: [folder].compactMap(\.self))
        if folder != nil { try open(&output) }
        var reader = CaptureReader(ring, output, rules, choice)
        reader.take(begun)
        return reader
    }

    private func makeOutput(_ clock: ClockText) -> any CaptureOutput {
        guard let target = choice.target else { return CaptureLineOutput(clock, asJSON: choice.isJSON) }
        let release = ((try? ProcFile.read("/proc/sys/kernel/osrelease")) ?? "").filter { !$0.isWhitespace }
        let writer = CaptureStream.Writer(
            hardware: Self.hardware, system: "Linux \(release)", application: "weir \(WeirVersion.current)",
            filter: choice.words, packetLength: choice.packetLength ?? 0)
        return CaptureFileOutput(target, writer, begin: ClockAnchor.now.realtime)
    }

    private func open(_ output: inout any CaptureOutput) throws {
        do throws(CaptureFailure) { try output.open() } catch {
            throw TapFailure(description: error.sentence ?? "the reader of the output is gone")
        }
    }

    #if arch(x86_64)
        private static let hardware = "x86_64"
    #else
        private static let hardware = "aarch64"
    #endif

    private func say(_ begun: TapCaptureView) {
        if let reason = begun.reason { Output.warn(reason) }
        guard begun.ports.isEmpty else { return }
        Output.warn("no port is there yet of \(begun.source): it is waited for")
    }

    /// Ends the session in the kernel, writes what is in the ring, and says what became of all.
    private func conclude(
        _ end: CaptureReader.End, _ companion: CaptureCompanion, _ reader: inout CaptureReader
    ) throws {
        companion.stop()
        var failure = end.sentence
        var last: TapCaptureView?
        do throws(TapClient.Refusal) { last = try client.endCapture(companion.id) } catch {
            failure = failure ?? "\(error); what became of the last packets is not known"
        }
        if let last { reader.take(last) }
        if let sentence = reader.finish(isOver: end == .ended) { failure = failure ?? sentence }
        let summary = CaptureSummary(reader, last)
        if choice.isJSON {
            let text = try summary.json
            if choice.target == .output { summary.warn(text) } else { Output.print(text) }
        } else {
            summary.warn(summary.text)
        }
        if let failure { throw TapFailure(description: failure) }
    }
}
