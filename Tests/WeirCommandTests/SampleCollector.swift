// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation

/// A collector of sFlow in a site's hub, in Python: writes down each datagram, and what its samples of packets say.
final class SampleCollector {
    private let process: ChildProcess
    private let file: String
    let port: UInt16

    /// A sample of a packet: a flow sample (1), or one of a discarded packet (5).
    struct Sample: Decodable {
        let kind: Int
        let source: Int
        let sequence: Int
        let rate: Int?
        let pool: Int?
        let drops: Int
        let input: Int
        let output: Int
        let reason: Int?
        let length: Int
        let header: String
    }

    private struct Line: Decodable {
        let raw: String
        let samples: [Sample]
    }

    init(_ site: Site, port: UInt16) throws {
        self.port = port
        file = site.path("collected-\(port)")
        process = try site.hub.start(["python3", "-c", Self.script, "\(port)", file])
        let path = file
        try waitUntil("the collector listens") { FileManager.default.fileExists(atPath: path) }
    }

    private func lines() throws -> [Line] {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        // The last line may not be whole yet.
        return try text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }

    /// What has come so far.
    func samples(_ kind: Int) throws -> [Sample] { try lines().flatMap(\.samples).filter { $0.kind == kind } }

    /// All datagrams so far, each as the payload of a frame.
    func frames() throws -> [[UInt8]] {
        try lines().map { line in
            let digits = Array(line.raw)
            let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0...($0 + 1)]), radix: 16)
            }
            return Frame(
                .ethernet(), .ipv4(from: "192.0.2.1", to: "192.0.2.2"), .udp(from: 40_000, to: 6343), .payload(bytes)
            ).bytes
        }
    }

    private static let script = """
        import json, socket, struct, sys
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
        receiver.bind(("127.0.0.1", int(sys.argv[1])))
        out = open(sys.argv[2], "w")

        def words(data, count): return struct.unpack(">%dI" % count, data[:4 * count]), data[4 * count:]

        def sample(kind, body):
            found = {"kind": kind}
            if kind == 1: (found["sequence"], source, found["rate"], found["pool"], found["drops"], found["input"], found["output"], n), rest = words(body, 8)
            else: (found["sequence"], _, source, found["drops"], found["input"], found["output"], found["reason"], n), rest = words(body, 8)
            found["source"] = source
            for _ in range(n):
                (record, length), rest = words(rest, 2)
                if record == 1:
                    (protocol, found["length"], stripped, kept), header = words(rest, 4)
                    found["header"] = header[:kept].hex()
                    if protocol != 1 or stripped != 4 or length != 16 + (kept + 3) // 4 * 4: raise ValueError("header")
                rest = rest[length:]
            if rest: raise ValueError("too long")
            return found

        while True:
            data = receiver.recv(65536)
            (version, family, _, _, _, _, n), rest = words(data, 7)
            if (version, family) != (5, 1): raise ValueError("version")
            samples = []
            for _ in range(n):
                (kind, length), rest = words(rest, 2)
                if kind in (1, 5): samples.append(sample(kind, rest[:length]))
                rest = rest[length:]
            if rest: raise ValueError("too long")
            out.write(json.dumps({"raw": data.hex(), "samples": samples}) + "\\n")
            out.flush()
        """
}
