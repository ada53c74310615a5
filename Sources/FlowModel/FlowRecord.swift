// SPDX-License-Identifier: Apache-2.0

/// One merged flow of one window.
package struct FlowRecord: Equatable, Sendable {
    package var port: Port
    package var window: Window
    package var key: FlowKey
    package var count: PacketCount
    /// When the first packet was seen, by the wall clock as it stood when the window was opened.
    package var first: UnixTime
    package var last: UnixTime
    package var tcpControlBits: UInt16
    package var tcpFlags: UInt8
    /// Whether a first fragment of a segment ended before its TCP flags, so that some are not known.
    package var hidesTCPFlags = false
    package var dscp: UInt8?
    package var sourceMAC: MACAddress?
    package var destinationMAC: MACAddress?
    package var verdict: Verdict
    package var attribution: FlowAttribution?
    /// The port where the packets were counted, when they came in there; nil: at the record's own. See `StandIn`.
    package var observedAt: Port?
    /// Who has the address that the packets come from, and the one that they go to, as was known at the window's end.
    package var sourceName: EndName?
    package var destinationName: EndName?

    package init(
        port: Port, window: Window, key: FlowKey, count: PacketCount, first: UnixTime, last: UnixTime,
        tcpControlBits: UInt16 = 0, tcpFlags: UInt8 = 0, dscp: UInt8? = nil, sourceMAC: MACAddress? = nil,
        destinationMAC: MACAddress? = nil, verdict: Verdict = .unknown, attribution: FlowAttribution? = nil,
        observedAt: Port? = nil
    ) {
        self.port = port
        self.window = window
        self.key = key
        self.count = count
        self.first = first
        self.last = last
        self.tcpControlBits = tcpControlBits
        self.tcpFlags = tcpFlags
        self.dscp = dscp
        self.sourceMAC = sourceMAC
        self.destinationMAC = destinationMAC
        self.verdict = verdict
        self.attribution = attribution
        self.observedAt = observedAt
    }
}

/// A line of a flow log.
package enum LogEntry: Equatable, Sendable {
    case flow(FlowRecord)
    /// A port without traffic in the window.
    case noData(port: Port, window: Window)
    /// Packets of the port that found no slot; one entry stands for many flows.
    case skipData(port: Port, window: Window, overflow: PacketCount)
    /// Frames that are in no flow, since nothing could be read from them, or since a policy refused them.
    case unparsed(port: Port, window: Window, UnparsedFrames)
}

extension LogEntry {
    package var port: Port {
        switch self {
        case .flow(let record): record.port
        case .noData(let port, _), .skipData(let port, _, _), .unparsed(let port, _, _): port
        }
    }

    package var window: Window {
        switch self {
        case .flow(let record): record.window
        case .noData(_, let window), .skipData(_, let window, _), .unparsed(_, let window, _): window
        }
    }

    /// When the first packet was seen, or the window began.
    package var start: UnixTime {
        if case .flow(let record) = self { return record.first }
        return window.start
    }

    /// When the last packet was seen, or the window ended.
    package var end: UnixTime {
        if case .flow(let record) = self { return record.last }
        return window.end
    }

    /// The packets that the line tells of; none for a port without traffic.
    package var count: PacketCount {
        switch self {
        case .flow(let record): record.count
        case .noData: .zero
        case .skipData(_, _, let overflow): overflow
        case .unparsed(_, _, let frames): frames.count
        }
    }

    /// What became of the packets; nil where the line tells of none.
    package var verdict: Verdict? {
        switch self {
        case .flow(let record): record.verdict
        case .unparsed(_, _, let frames): frames.verdict
        case .noData, .skipData: nil
        }
    }
}
