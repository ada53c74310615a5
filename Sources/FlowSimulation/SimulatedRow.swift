// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel

/// What a line of a flow log says in a simulation: of which flow and window, how much, and how it was judged.
struct SimulatedRow: Hashable, Sendable, Comparable {
    enum Kind: UInt64, Sendable {
        case flow, noData, skipData, unparsed
    }

    /// Words that tell rows apart: kind, installation, number of the window's first part, port, flow, packets, octets, judgement.
    private(set) var words = [UInt64](repeating: 0, count: 8)

    private init() {}

    init(_ entry: LogEntry) {
        words[3] = UInt64(entry.port.name.dropFirst(3)) ?? 0
        switch entry {
        case .flow(let record):
            words[1] = record.key.source.high
            words[2] = record.key.source.low
            words[4] = UInt64(record.key.sourcePort)
            words[7] = record.verdict.rule.flatMap { UInt64($0.text) } ?? 0
        case .noData(_, let window): (words[0], words[2]) = (1, UInt64(bitPattern: window.start.seconds))
        case .skipData(_, let window, _): (words[0], words[2]) = (2, UInt64(bitPattern: window.start.seconds))
        case .unparsed: words[0] = 3
        }
        words[5] = entry.count.packets
        words[6] = entry.count.octets
    }

    /// Of packets that no flow of a window is of.
    ///
    /// - Parameter start: of the window, in Unix seconds.
    init(skipped count: PacketCount, at port: UInt16, start: Int64) {
        words = [Kind.skipData.rawValue, 0, UInt64(bitPattern: start), UInt64(port), 0, count.packets, count.octets, 0]
    }

    /// From a line of `SimulatedFormat`.
    init?(_ line: some StringProtocol) {
        let numbers = line.split(separator: " ").compactMap { UInt64($0, radix: 16) }
        guard numbers.count == words.count else { return nil }
        words = numbers
    }

    var kind: Kind { Kind(rawValue: words[0]) ?? .unparsed }
    var installation: UInt64 { words[1] }
    var window: UInt32 { UInt32(truncatingIfNeeded: words[2]) }
    var port: UInt16 { UInt16(truncatingIfNeeded: words[3]) }
    var count: PacketCount { PacketCount(packets: words[5], octets: words[6]) }

    /// What tells the flow, in its window.
    var flow: [UInt64] { Array(words[1...4]) }

    /// The same without counts and judgement.
    static func < (left: Self, right: Self) -> Bool { left.words.lexicographicallyPrecedes(right.words) }
}

extension SimulatedRow: CustomStringConvertible {
    var description: String {
        let count = "\(words[5]) packets, \(words[6]) octets"
        return switch kind {
        case .flow:
            "flow \(words[4]) at port \(port) in window \(window) of \(installation): \(count), judgement \(words[7])"
        case .noData: "NODATA at port \(port) from \(words[2])"
        case .skipData: "SKIPDATA at port \(port) from \(words[2]): \(count)"
        case .unparsed: "unparsed at port \(port): \(count)"
        }
    }
}

/// Writes rows as numbers, so that a simulation can read its files at little cost.
struct SimulatedFormat: RecordFormat, RecordEncoder {
    func appendHeader(to bytes: inout [UInt8]) {}

    func makeEncoder() -> any RecordEncoder { self }

    func append(_ record: borrowing FlowRecord, to bytes: inout [UInt8]) { append(.flow(copy record), to: &bytes) }

    func append(_ entry: LogEntry, to bytes: inout [UInt8]) {
        for word in SimulatedRow(entry).words {
            bytes += String(word, radix: 16).utf8
            bytes.append(UInt8(ascii: " "))
        }
        bytes[bytes.count - 1] = UInt8(ascii: "\n")
    }
}
