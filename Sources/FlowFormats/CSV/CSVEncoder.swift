// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Writes lines of comma-separated values; what is constant for a port is prebuilt.
package struct CSVEncoder: RecordEncoder {
    private var pieces = PortPieces(count: CSVPiece.allCases.count)
    private let memory = LineMemory()

    /// All values of a flow but the port's pieces and names of others: 63 fields of at most 46 bytes.
    private static let longestPlain = 2900

    package mutating func append(_ entry: LogEntry, to bytes: inout [UInt8]) {
        switch entry {
        case .flow(let record): append(record, to: &bytes)
        case .noData(let port, let window): appendGap(port, window, status: "NODATA", overflow: nil, to: &bytes)
        case .skipData(let port, let window, let overflow):
            appendGap(port, window, status: "SKIPDATA", overflow: overflow, to: &bytes)
        case .unparsed(let port, let window, let frames): append(frames, of: port, window, to: &bytes)
        }
    }

    package mutating func append(_ record: borrowing FlowRecord, to bytes: inout [UInt8]) {
        var line = begin(record.port, lengthOfNames: record.lengthOfNames)
        let number = record.port.number
        pieces.write(CSVPiece.owner.rawValue, of: number, to: &line)
        line.traffic(of: record)
        pieces.write(CSVPiece.machine.rawValue, of: number, to: &line)
        line.packet(of: record)
        pieces.write(CSVPiece.place.rawValue, of: number, to: &line)
        line.attribution(of: record)
        pieces.write(CSVPiece.portName.rawValue, of: number, to: &line)
        line.ownHeaders(of: record)
        line.ownJudgement(of: record)
        line.emptyFields(3)
        line.field(record.observedAt?.name)
        pieces.write(CSVPiece.coverage.rawValue, of: number, to: &line)
        end(record.port, record.window, (record.sourceName, record.destinationName), &line)
        memory.finish(line, into: &bytes)
    }

    /// The last fields of a line, and its end.
    private func end(
        _ port: Port, _ window: Window, _ ends: (source: EndName?, destination: EndName?), _ line: inout LineWriter
    ) {
        line.field(window.start.seconds)
        line.field(window.endSecond)
        line.field(window.spansRestart)
        pieces.write(CSVPiece.names.rawValue, of: port.number, to: &line)
        line.field(ends.source?.text)
        line.field(ends.destination?.text)
        line.replaceLast(by: UInt8(ascii: "\n"))
    }

    private mutating func begin(_ port: Port, lengthOfNames: Int) -> LineWriter {
        if !pieces.areMade(for: port) {
            pieces.make(for: port) { piece, bytes in CSVPiece(rawValue: piece)?.append(of: port, to: &bytes) }
        }
        // Of a record's seven names each may be in quotes.
        let names = LineWriter.longestField(lengthOfNames) + 7 * LineWriter.longestField(0)
        return memory.begin(longest: pieces.length(of: port.number) + names + Self.longestPlain)
    }

    /// A line that tells of no flow.
    private mutating func appendGap(
        _ port: Port, _ window: Window, status: StaticString, overflow: PacketCount?, to bytes: inout [UInt8]
    ) {
        var line = begin(port, lengthOfNames: 0)
        pieces.write(CSVPiece.owner.rawValue, of: port.number, to: &line)
        line.emptyFields(7)
        line.field(window.start.seconds)
        line.field(window.endSecond)
        line.emptyFields(1)
        line.field(word: status)
        pieces.write(CSVPiece.machine.rawValue, of: port.number, to: &line)
        line.emptyFields(4)
        pieces.write(CSVPiece.place.rawValue, of: port.number, to: &line)
        line.emptyFields(5)
        pieces.write(CSVPiece.portName.rawValue, of: port.number, to: &line)
        line.emptyFields(11)
        if let overflow {
            line.field(overflow.packets)
            line.field(overflow.octets)
        } else {
            line.emptyFields(2)
        }
        line.emptyFields(9)
        pieces.write(CSVPiece.coverage.rawValue, of: port.number, to: &line)
        end(port, window, (nil, nil), &line)
        memory.finish(line, into: &bytes)
    }

    /// A line of frames that are in no flow.
    private mutating func append(
        _ frames: UnparsedFrames, of port: Port, _ window: Window, to bytes: inout [UInt8]
    ) {
        let sample = frames.sample?.bytes ?? []
        let reason = frames.verdict.reason?.text
        var line = begin(port, lengthOfNames: 2 * sample.count + (reason?.utf8.count ?? 0))
        pieces.write(CSVPiece.owner.rawValue, of: port.number, to: &line)
        line.emptyFields(5)
        line.field(frames.count.packets)
        line.field(frames.count.octets)
        line.field(window.start.seconds)
        line.field(window.endSecond)
        line.field(word: frames.verdict.action.decidedWord)
        line.field(word: "OK")
        pieces.write(CSVPiece.machine.rawValue, of: port.number, to: &line)
        line.emptyFields(4)
        pieces.write(CSVPiece.place.rawValue, of: port.number, to: &line)
        line.emptyFields(2)
        line.name(frames.direction)
        line.emptyFields(2)
        line.field(reason)
        pieces.write(CSVPiece.portName.rawValue, of: port.number, to: &line)
        line.emptyFields(8)
        line.field(word: frames.verdict.source?.name)
        line.emptyFields(9)
        line.field(word: frames.reason.name)
        line.field(frames.sample.map { Int64($0.length) })
        for byte in sample { line.hexadecimal(byte) }
        line.emptyFields(2)
        pieces.write(CSVPiece.coverage.rawValue, of: port.number, to: &line)
        end(port, window, (nil, nil), &line)
        memory.finish(line, into: &bytes)
    }
}

extension Verdict.Action {
    /// nil where packets met no verdict, or several.
    fileprivate var decidedWord: StaticString? {
        switch self {
        case .accept: "ACCEPT"
        case .reject: "REJECT"
        case .unknown, .mixed: nil
        }
    }
}

extension LineWriter {
    fileprivate mutating func traffic(of record: borrowing FlowRecord) {
        field(record.attribution?.interfaceSource ?? record.key.source)
        field(record.attribution?.interfaceDestination ?? record.key.destination)
        field(record.key.isICMP ? 0 : record.key.sourcePort)
        field(record.key.isICMP ? 0 : record.key.destinationPort)
        field(record.key.transport)
        field(record.count.packets)
        field(record.count.octets)
        field(record.first.seconds)
        field(record.last.seconds)
        field(word: record.verdict.action.decidedWord)
        field(word: "OK")
    }

    fileprivate mutating func packet(of record: borrowing FlowRecord) {
        field(record.key.transport == TransportNumber.tcp ? record.tcpFlags : 0)
        typeName(record.key.version)
        endField()
        field(record.key.source)
        field(record.key.destination)
    }

    fileprivate mutating func attribution(of record: borrowing FlowRecord) {
        field(record.attribution?.sourceService)
        field(record.attribution?.destinationService)
        name(record.key.direction)
        endField()
        field((record.attribution?.trafficPath).map { Int64($0) })
        field(record.verdict.reason?.text)
    }

    fileprivate mutating func ownHeaders(of record: borrowing FlowRecord) {
        let key = record.key
        field(key.vlanID == 0 ? nil : Int64(key.vlanID))
        field(key.innerVLANID == 0 ? nil : Int64(key.innerVLANID))
        let hasICMP = key.isICMP && !key.isFragmentWithoutFlow
        field(hasICMP ? Int64(key.sourcePort) : nil)
        field(hasICMP ? Int64(key.destinationPort) : nil)
        field(key.transport == TransportNumber.tcp ? Int64(record.tcpControlBits) : nil)
    }

    fileprivate mutating func ownJudgement(of record: borrowing FlowRecord) {
        field(record.first.milliseconds)
        field(record.last.milliseconds)
        field(record.verdict.rule?.text)
        field(word: record.verdict.source?.name)
        field(record.verdict.action == .mixed)
        field(word: record.window.endReason?.name)
        emptyFields(2)
        field(record.sourceMAC)
        field(record.destinationMAC)
        field(record.dscp.map { Int64($0) })
        field(record.key.isFragmentWithoutFlow)
        field(record.hidesTCPFlags)
    }
}
