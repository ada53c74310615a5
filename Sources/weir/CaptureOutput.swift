// SPDX-License-Identifier: Apache-2.0

import CopiedFrames
import FlowModel
import FlowViews
import Foundation
import Host
import HostVerdicts
import SystemPackage
import TapService

/// What becomes of captured frames, in the order of their coming. Nothing is written before `flush`.
protocol CaptureOutput {
    mutating func open() throws(CaptureFailure)
    /// Takes what is known of ports now.
    mutating func take(_ ports: [CapturedPort])
    /// Whether it knows whose frame that is.
    func knows(_ port: PortNumber) -> Bool
    mutating func add(_ frame: CopiedFrame, at time: UnixTime, rule: String?) throws(CaptureFailure)
    mutating func flush() throws(CaptureFailure)
    mutating func finish(at time: UnixTime) throws(CaptureFailure)
    /// The files that there are now.
    var paths: [String] { get }
}

/// pcapng.
struct CaptureFileOutput: CaptureOutput {
    private var stream: CaptureStream
    private var files: CaptureFiles
    private var bytes: [UInt8] = []

    private static let enoughBytes = 1 << 18
    /// That the statistics of a file's ports take, each.
    private static let endBytes = 128
    private var ports = 0

    init(_ target: CaptureTarget, _ writer: CaptureStream.Writer, begin: UnixTime) {
        stream = CaptureStream(writer, begin: begin)
        files = CaptureFiles(target)
    }

    /// Opens the first file.
    mutating func open() throws(CaptureFailure) {
        try files.open()
        bytes = stream.openFile()
    }

    var paths: [String] { files.paths }

    mutating func take(_ ports: [CapturedPort]) {
        stream.take(ports)
        self.ports = ports.count
    }

    func knows(_ port: PortNumber) -> Bool { stream.port(port) != nil }

    mutating func add(_ frame: CopiedFrame, at time: UnixTime, rule: String?) throws(CaptureFailure) {
        if files.isFull(with: bytes.count + frame.bytes.count + (ports + 2) * Self.endBytes) {
            bytes += stream.closeFile(at: time)
            try flush()
            try open()
        }
        bytes += stream.blocks(of: frame, at: time, rule: rule)
        if bytes.count > Self.enoughBytes { try flush() }
    }

    mutating func flush() throws(CaptureFailure) {
        try files.write(bytes)
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func finish(at time: UnixTime) throws(CaptureFailure) {
        bytes += stream.closeFile(at: time)
        try flush()
        files.close()
    }
}

/// A line for each frame.
struct CaptureLineOutput: CaptureOutput {
    private let clock: ClockText
    private let isJSON: Bool
    private var ports: [PortNumber: CapturedPort] = [:]
    private var text = ""

    private static let enoughBytes = 1 << 16

    init(_ clock: ClockText, asJSON isJSON: Bool) {
        self.clock = clock
        self.isJSON = isJSON
    }

    var paths: [String] { [] }

    func open() {}

    mutating func take(_ ports: [CapturedPort]) {
        for port in ports { self.ports[port.number] = port }
    }

    func knows(_ port: PortNumber) -> Bool { ports[port] != nil }

    mutating func add(_ frame: CopiedFrame, at time: UnixTime, rule: String?) throws(CaptureFailure) {
        let port = ports[frame.port] ?? CapturedPort(number: frame.port, name: "port \(frame.port.rawValue)")
        let line = CaptureLine(frame, at: time, port, rule: rule)
        text += (isJSON ? line.json : line.text(clock)) + "\n"
        if text.utf8.count > Self.enoughBytes { try flush() }
    }

    mutating func flush() throws(CaptureFailure) {
        guard !text.isEmpty else { return }
        do { try FileDescriptor.standardOutput.writeAll(Array(text.utf8)) } catch {
            if case Errno.brokenPipe = error { throw .ended }
            throw .failed("cannot write to standard output: \(error)")
        }
        text = ""
    }

    mutating func finish(at time: UnixTime) throws(CaptureFailure) { try flush() }
}

/// What rules of policies are called. Read again where a number is not known: another policy may have been loaded.
struct CaptureRules {
    private let state: PolicyState
    private var names: [UInt16: String]
    private var readAt = ContinuousClock.now

    private static let pace = Duration.seconds(2)

    init(_ state: PolicyState) {
        self.state = state
        names = state.ruleNames
    }

    mutating func name(of rule: UInt16) -> String? {
        guard rule > 0 else { return nil }
        if let name = names[rule] { return name }
        guard readAt + Self.pace < .now else { return nil }
        (names, readAt) = (state.ruleNames, .now)
        return names[rule]
    }
}
