// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Writes AWS's lines fast: the field list is compiled into steps, what is constant for a port is prebuilt.
package struct AWSTextEncoder: RecordEncoder {
    private let format: AWSTextFormat
    private let steps: [AWSStep]
    private let fieldsOfPieces: [[AWSField]]
    private var pieces: PortPieces
    private let memory = LineMemory()

    init(_ format: AWSTextFormat) {
        self.format = format
        (steps, fieldsOfPieces) = AWSStep.compile(format.fields)
        pieces = PortPieces(count: fieldsOfPieces.count)
    }

    package mutating func append(_ entry: LogEntry, to bytes: inout [UInt8]) {
        switch entry {
        case .flow(let record): append(record, to: &bytes)
        case .noData(let port, let window): format.appendGap(port, window, status: "NODATA", to: &bytes)
        case .skipData(let port, let window, _): format.appendGap(port, window, status: "SKIPDATA", to: &bytes)
        case .unparsed(let port, let window, let frames): format.append(frames, of: port, window, to: &bytes)
        }
    }

    package mutating func append(_ record: borrowing FlowRecord, to bytes: inout [UInt8]) {
        if !pieces.areMade(for: record.port) { makePieces(of: record.port) }
        let longest = pieces.length(of: record.port.number) + steps.count * AWSStep.longest + record.lengthOfNames
        var line = memory.begin(longest: longest)
        write(record, to: &line)
        line.replaceLast(by: UInt8(ascii: "\n"))
        memory.finish(line, into: &bytes)
    }

    private mutating func makePieces(of port: Port) {
        pieces.make(for: port) { [format, fieldsOfPieces] piece, bytes in
            for field in fieldsOfPieces[piece] {
                format.appendConstant(field, of: port, to: &bytes)
                bytes.append(UInt8(ascii: " "))
            }
        }
    }

    /// One function for all steps: a call a step, with what it needs handed over, costs more than most of them.
    @inline(__always)
    private func write(_ record: borrowing FlowRecord, to line: inout LineWriter) {
        let steps = steps.span
        for index in steps.indices {
            switch steps[index] {
            case .piece(let piece):
                pieces.write(piece, of: record.port.number, to: &line)
                continue
            case .source: line.address(record.attribution?.interfaceSource ?? record.key.source)
            case .destination: line.address(record.attribution?.interfaceDestination ?? record.key.destination)
            case .packetSource: line.address(record.key.source)
            case .packetDestination: line.address(record.key.destination)
            case .sourcePort: line.decimal(UInt64(record.key.isICMP ? 0 : record.key.sourcePort))
            case .destinationPort: line.decimal(UInt64(record.key.isICMP ? 0 : record.key.destinationPort))
            case .transport: line.decimal(UInt64(record.key.transport))
            case .packets: line.decimal(record.count.packets)
            case .octets: line.decimal(record.count.octets)
            case .start: line.decimal(record.first.seconds)
            case .end: line.decimal(record.last.seconds)
            case .action: line.action(record.verdict)
            case .tcpFlags: line.decimal(UInt64(record.key.transport == TransportNumber.tcp ? record.tcpFlags : 0))
            case .type: line.typeName(record.key.version)
            case .direction: line.name(record.key.direction)
            case .sourceService: line.word(record.attribution?.sourceService ?? "-")
            case .destinationService: line.word(record.attribution?.destinationService ?? "-")
            case .trafficPath: line.trafficPath(record.attribution?.trafficPath)
            case .rejectReason: line.word(record.verdict.reason?.text ?? "-")
            }
            line.byte(UInt8(ascii: " "))
        }
    }
}

extension LineWriter {
    fileprivate mutating func trafficPath(_ path: Int?) {
        guard let path else { return byte(UInt8(ascii: "-")) }
        decimal(Int64(path))
    }
}
