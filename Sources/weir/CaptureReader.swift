// SPDX-License-Identifier: Apache-2.0

import CopiedFrames
import FlowModel
import Foundation
import Host
import TapService

/// Reads the ring of a capture, and has its frames written. Used from one thread.
struct CaptureReader {
    /// Why it reads no more.
    enum End: Equatable {
        /// It was asked for: by a signal, by the number of frames, by the time.
        case wanted
        /// The reader of what is written is gone.
        case ended
        /// The daemon does not know the capture any more.
        case gone(String)
        case failed(String)

        var sentence: String? {
            switch self {
            case .wanted, .ended: nil
            case .gone(let sentence), .failed(let sentence): sentence
            }
        }
    }

    private let ring: RecordRing
    private var output: any CaptureOutput
    private var rules: CaptureRules
    private let most: UInt64
    private let deadline: ContinuousClock.Instant?
    private var anchor = ClockAnchor.now
    /// Ports that were asked about, and are not known.
    private var strange: Set<PortNumber> = []
    /// Frames that were written, and those that were in the ring and were not.
    private(set) var written: UInt64 = 0
    private(set) var unread: UInt64 = 0
    var paths: [String] { output.paths }

    private static let mostAtOnce = 1024
    private static let mostBytes = CopiedFrame.headBytes + 131_072
    /// Records that come within this time are read at one go.
    private static let gathering = Duration.milliseconds(5)
    private static let longestRest = Duration.seconds(1)

    init(_ ring: RecordRing, _ output: any CaptureOutput, _ rules: CaptureRules, _ choice: CaptureChoice) {
        (self.ring, self.output, self.rules) = (ring, output, rules)
        most = choice.count ?? .max
        deadline = choice.duration.map { ContinuousClock.now + $0 }
    }

    /// Takes what the daemon says of the ports.
    mutating func take(_ view: TapCaptureView) {
        output.take(view.ports.map { CapturedPort($0) })
        // The wall clock may have been set.
        anchor = .now
    }

    /// Reads and writes until something ends it.
    mutating func read(_ companion: CaptureCompanion) -> End {
        while true {
            let news = companion.take()
            if let view = news.view { take(view) }
            if let sentence = news.gone { return .gone(sentence) }
            if news.isStopped || deadline.map({ ContinuousClock.now >= $0 }) ?? false { return .wanted }
            do throws(CaptureFailure) {
                let count = try readOnce(companion)
                if written >= most { return .wanted }
                if count == Self.mostAtOnce { continue }
            } catch {
                return error.sentence.map { End.failed($0) } ?? .ended
            }
            let rest = deadline.map { min(Self.longestRest, ContinuousClock.now.duration(to: $0)) } ?? Self.longestRest
            if companion.wait(atMost: rest, orForReadable: ring.rawDescriptor) {
                Thread.sleep(forTimeInterval: Self.gathering / .seconds(1))
            }
        }
    }

    /// - Returns: how many records there were.
    private mutating func readOnce(_ companion: CaptureCompanion?) throws(CaptureFailure) -> Int {
        guard let records = ring.read(atMost: Self.mostAtOnce, length: Self.mostBytes) else {
            throw .failed("what lies in the capture's ring are no frames")
        }
        for record in records {
            guard let frame = CopiedFrame(record) else { continue }
            guard written < most else {
                unread += 1
                continue
            }
            if let companion { ask(frame.port, companion) }
            try output.add(frame, at: anchor.realtime(of: frame.time), rule: rules.name(of: frame.rule))
            written += 1
        }
        try output.flush()
        return records.count
    }

    /// A port that has come since the daemon was asked last has a name before its first frame is written.
    private mutating func ask(_ port: PortNumber, _ companion: CaptureCompanion) {
        guard !output.knows(port), strange.insert(port).inserted, let view = companion.ask() else { return }
        output.take(view.ports.map { CapturedPort($0) })
    }

    /// Writes what is left in the ring, and ends the output.
    ///
    /// - Parameter isOver: whether its reader is gone.
    /// - Returns: what went wrong, in one sentence.
    mutating func finish(isOver: Bool) -> String? {
        do throws(CaptureFailure) {
            while !isOver, try readOnce(nil) > 0 {}
            if !isOver { try output.finish(at: ClockAnchor.now.realtime) }
            return nil
        } catch {
            return error.sentence
        }
    }
}

extension CaptureFailure {
    /// nil where the reader is gone.
    var sentence: String? {
        switch self {
        case .ended: nil
        case .failed(let sentence): sentence
        }
    }
}

extension CapturedPort {
    fileprivate init(_ port: TapCaptureView.Port) {
        self.init(number: PortNumber(port.number), name: port.port, machine: port.machine, project: port.project)
        let counts = port.figures.sum
        (received, lost) = (counts.matched.packets, counts.failed.sum.packets)
    }
}
