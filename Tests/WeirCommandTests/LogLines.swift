// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation
import Testing

/// A line of a flow log: its values by AWS's names, with dashes.
typealias LogLine = [String: String]

/// Reads flow logs as a stranger would: with zcat, by the names in the header, and with a JSON parser.
enum LogLines {
    static let defaultHeader =
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"

    static func aws(_ text: String) throws -> [LogLine] {
        let lines = text.split(separator: "\n")
        let names = try #require(lines.first).split(separator: " ").map(String.init)
        return try lines.dropFirst().map { line in
            let values = line.split(separator: " ").map(String.init)
            try #require(values.count == names.count, "\(line)")
            return Dictionary(uniqueKeysWithValues: zip(names, values))
        }
    }

    static func json(_ text: String) throws -> [LogLine] {
        try text.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let members = try #require(object as? [String: Any])
            return Dictionary(
                uniqueKeysWithValues: members.map { ($0.replacingOccurrences(of: "_", with: "-"), "\($1)") })
        }
    }

    /// All flows, with what their lines add up to.
    static func sums(_ lines: [LogLine]) throws -> [LoggedFlow: PacketCount] {
        try lines.filter { $0["log-status"] == "OK" }.reduce(into: [:]) { sums, line in
            sums[try flow(line), default: .zero] += PacketCount(
                packets: try number(line, "packets"), octets: try number(line, "bytes"))
        }
    }

    static func flow(_ line: LogLine) throws -> LoggedFlow {
        LoggedFlow(
            port: try #require(line["interface-id"]), source: try #require(line["srcaddr"]),
            destination: try #require(line["dstaddr"]), transport: UInt8(try number(line, "protocol")),
            sourcePort: UInt16(try number(line, "srcport")), destinationPort: UInt16(try number(line, "dstport")))
    }

    static func number(_ line: LogLine, _ name: String) throws -> UInt64 {
        try #require(line[name].flatMap { UInt64($0) }, "\(name) in \(line)")
    }
}

extension Site {
    /// Paths of all files in the log directory, sorted.
    func logFiles(in directory: String? = nil) throws -> [String] {
        try ChildProcess.run(["find", directory ?? logs, "-type", "f"])
            .split(separator: "\n").map(String.init).sorted()
    }

    /// The lines of all published files; each must be whole and have the header.
    func awsLines(in directory: String? = nil) throws -> [LogLine] {
        try logFiles(in: directory).flatMap { file in
            let text = try unpacked(file)
            #expect(text.hasPrefix(LogLines.defaultHeader + "\n"), "\(file)")
            return try LogLines.aws(text)
        }
    }

    /// The lines of JSON of all published files; a Parquet file's rows as pyarrow reads them.
    func publishedLines(in directory: String? = nil) throws -> String {
        let files = try logFiles(in: directory)
        let rows = files.filter { $0.hasSuffix(".parquet") }
        let lines = try files.filter { !rows.contains($0) }.map { try unpacked($0) }.joined()
        return try lines + (rows.isEmpty ? "" : Readers.lines(ofParquet: rows))
    }

    func unpacked(_ file: String) throws -> String {
        try ChildProcess.run(["gzip", "-t", file])
        return try ChildProcess.run(["zcat", file])
    }
}
