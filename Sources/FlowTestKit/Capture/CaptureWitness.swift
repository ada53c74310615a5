// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Which frames of an interface are looked at.
package enum CaptureDirection: String, Sendable {
    /// Frames that the host receives from the interface.
    case received = "in"
    /// Frames that the host sends to the interface.
    case sent = "out"
    case both = "inout"
}

/// tcpdump on an interface: it sees the same frames as the programs and shares nothing with them.
///
/// Where the interface has offloads switched on, it sees super-frames, as one packet each; and what it is told of
/// them does not say how they will be cut. Switch them off on both sides, or compare octets of the payload only.
package final class CaptureWitness: Sendable {
    private let tcpdump: ChildProcess
    private let file: URL

    /// Starts to look; what is sent after this returns is seen.
    ///
    /// - Parameter longest: of each frame, so many bytes. The kernel's buffer has room for frames of this length only: less
    ///   of it is room for more frames.
    package init(
        on interface: String, in namespace: NetworkNamespace, direction: CaptureDirection = .both, filter: String = "",
        longest: Int = 262_144
    ) throws {
        file = FileManager.default.temporaryDirectory.appending(path: "weir-witness-\(UUID().uuidString).pcap")
        let bufferKiB = "65536"
        var command = ["tcpdump", "-Z", "root", "-n", "-U", "--immediate-mode", "-B", bufferKiB, "-s", "\(longest)"]
        command += ["-i", interface, "-Q", direction.rawValue, "-w", file.path]
        if !filter.isEmpty { command.append(filter) }
        let tcpdump = try namespace.start(command)
        self.tcpdump = tcpdump
        try waitUntil("tcpdump listens on \(interface): \(tcpdump.errors)") {
            guard tcpdump.isRunning else { throw Failure(reason: tcpdump.errors) }
            return tcpdump.errors.contains("listening on")
        }
    }

    deinit {
        tcpdump.stop()
        try? FileManager.default.removeItem(at: file)
    }

    /// The frames that have been seen so far.
    package func frames() throws -> [[UInt8]] {
        guard let contents = try? Data(contentsOf: file), !contents.isEmpty else { return [] }
        guard let capture = CaptureFile(contents: Array(contents)) else { throw Failure(reason: "no capture file") }
        return capture.frames.map(\.bytes)
    }

    /// Waits until that many frames that are wanted have been seen.
    package func wait(
        for count: Int, within limit: Duration = .seconds(10), where isWanted: (Expected) -> Bool = { _ in true }
    ) throws {
        try waitUntil("tcpdump has seen \(count) frames", within: limit) {
            try frames().filter { isWanted(ReferenceParser.classify($0)) }.count >= count
        }
    }

    /// Stops looking. What was seen, in order; throws where the kernel could not keep pace with it.
    package func stop() throws -> [[UInt8]] {
        let result = tcpdump.stop(SIGINT)
        guard result.succeeded, result.errors.contains("\n0 packets dropped by kernel") else {
            throw Failure(reason: result.errors)
        }
        return try frames()
    }

    /// Stops looking and counts what was seen as the programs must have counted it.
    package func stopAndCount() throws -> ReferenceMeter {
        var meter = ReferenceMeter()
        for frame in try stop() { meter.see(frame) }
        return meter
    }

    package struct Failure: Error, CustomStringConvertible {
        package let reason: String

        package var description: String { "tcpdump: \(reason)" }
    }
}
