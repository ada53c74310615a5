// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// All that a journal holds of a part but its flows: small, and written twice.
package struct PartDescription: Equatable, Sendable {
    /// Of the tables that counted it; numbers of windows are unique below this.
    package var installation: UInt64
    /// See `WindowPart`.
    package var window: Window
    package var firstNumber: UInt32
    package var anchor: ClockAnchor
    package var totals: [PortSide: PortTotals]
    package var samples: FrameSamples
    /// The ports as they were then.
    package var ports: [PortNumber: Port]
    /// How many flows follow.
    package var flows: Int
    /// How many flows the part had before it was given up; 0 unless it was.
    package var flowsGivenUp = 0

    package init(_ part: borrowing WindowPart, installation: UInt64, ports: [PortNumber: Port]) {
        self.installation = installation
        window = part.window
        firstNumber = part.firstNumber
        anchor = part.anchor
        totals = part.totals
        samples = part.samples
        self.ports = ports
        flows = part.flows.count
    }
}

extension PartDescription {
    private static let spansRestart: UInt8 = 1

    var words: [UInt64] {
        var bytes = JournalBytes()
        bytes.append(installation)
        bytes.append(window.number)
        bytes.append(firstNumber)
        bytes.append(window.start.nanoseconds)
        bytes.append(window.end.nanoseconds)
        bytes.append(window.endReason?.rawValue ?? 0)
        bytes.append(window.spansRestart ? Self.spansRestart : 0)
        bytes.append(anchor.monotonic.nanoseconds)
        bytes.append(anchor.realtime.nanoseconds)
        bytes.append(UInt64(flows))
        bytes.append(UInt64(flowsGivenUp))
        bytes.append(UInt32(ports.count))
        for port in ports.values { bytes.append(port) }
        bytes.append(UInt32(totals.count))
        for (side, totals) in totals { bytes.append(side, totals) }
        bytes.append(standInsOf: ports.values)
        bytes.append(unparsedOf: totals)
        bytes.append(samples)
        bytes.append(coverageOf: ports.values)
        bytes.append(namesOf: ports.values)
        bytes.append(addressesOf: ports.values)
        return bytes.words
    }

    /// nil where the words are not Weir's: their checksum is right.
    init?(words: [UInt64]) {
        var bytes = JournalBytes(words)
        do {
            installation = try bytes.read()
            let number: UInt32 = try bytes.read()
            firstNumber = try bytes.read()
            let start = UnixTime(nanoseconds: try bytes.read())
            let end = UnixTime(nanoseconds: try bytes.read())
            let reason = FlowEndReason(rawValue: try bytes.read())
            let flags: UInt8 = try bytes.read()
            window = Window(
                number: number, start: start, end: end, endReason: reason, spansRestart: flags & Self.spansRestart != 0)
            anchor = ClockAnchor(
                monotonic: MonotonicTime(nanoseconds: try bytes.read()),
                realtime: UnixTime(nanoseconds: try bytes.read()))
            flows = Int(truncatingIfNeeded: try bytes.read() as UInt64)
            flowsGivenUp = Int(truncatingIfNeeded: try bytes.read() as UInt64)
            ports = [:]
            for _ in 0..<(try bytes.read() as UInt32) {
                let port = try bytes.readPort()
                ports[port.number] = port
            }
            totals = [:]
            for _ in 0..<(try bytes.read() as UInt32) {
                let (side, values) = try bytes.readTotals()
                totals[side] = values
            }
            for (number, standIn) in try bytes.readStandIns() { ports[number] = ports[number]?.with(standIn) }
            try bytes.readUnparsed(into: &totals)
            samples = try bytes.readSamples()
            for (number, coverage) in try bytes.readCoverage() { ports[number] = ports[number]?.with(coverage) }
            try bytes.readNames(into: &ports)
            try bytes.readAddresses(into: &ports)
        } catch {
            return nil
        }
    }
}
