// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Lines of flow logs on their way into columns, as many as a row group holds.
///
/// Of a line it keeps places among different values: what is the same for all lines of a port is looked up once for each port and row group.
package struct FlowRows {
    package private(set) var buffers = FlowColumn.schema.map { ColumnBuffer($0) }
    private var ports: [PortNumber: PortPlaces] = [:]
    private var sources = AddressPlaces()
    private var destinations = AddressPlaces()
    /// Places of MAC addresses, by column.
    private var macs: [FlowColumn: [UInt64: UInt32]] = [:]

    /// Of the window whose lines are coming: `WindowIdentity.sequence`.
    package var sequence: Int64 = 0

    package init() {}

    package var count: Int { buffers[0].rows }

    /// Begins the next row group. Storage is kept.
    package mutating func removeAll() {
        for index in buffers.indices { buffers[index].removeAll() }
        ports.removeAll(keepingCapacity: true)
        sources.removeAll()
        destinations.removeAll()
        macs.removeAll(keepingCapacity: true)
    }

    package mutating func append(_ entry: LogEntry) {
        switch entry {
        case .flow(let record): append(record)
        case .noData(let port, let window): appendGap(port, window, status: .noData, overflow: nil)
        case .skipData(let port, let window, let overflow):
            appendGap(port, window, status: .skipData, overflow: overflow)
        case .unparsed(let port, let window, let frames): append(frames, of: port, window)
        }
    }

    package mutating func append(_ record: borrowing FlowRecord) {
        appendPort(record.port)
        appendAddresses(of: record)
        appendTraffic(of: record)
        appendVerdict(record.verdict)
        appendHeaders(of: record)
        self[.start].append(record.first.seconds)
        self[.end].append(record.last.seconds)
        self[.firstMilliseconds].append(record.first.milliseconds)
        self[.lastMilliseconds].append(record.last.milliseconds)
        self[.logStatus].append(word: LogStatus.ok.rawValue, LogStatus.ok.name)
        append(record.window)
        self[.observedAt].append(record.observedAt?.name)
        for column in FlowColumn.ofGapsAndUnparsed { self[column].appendNull() }
    }

    private subscript(_ column: FlowColumn) -> ColumnBuffer {
        get { buffers[column.rawValue] }
        _modify { yield &buffers[column.rawValue] }
    }
}

/// The value of AWS's `log-status`.
private enum LogStatus: UInt8 {
    case ok
    case noData
    case skipData

    var name: StaticString {
        switch self {
        case .ok: "OK"
        case .noData: "NODATA"
        case .skipData: "SKIPDATA"
        }
    }
}

extension FlowRows {
    /// The places of what is the same for all lines of a port, by `FlowColumn.ofPort`.
    private struct PortPlaces {
        let port: Port
        let places: [UInt32?]
    }

    private mutating func appendPort(_ port: Port) {
        let places: [UInt32?]
        if let known = ports[port.number], known.port === port {
            places = known.places
        } else {
            places = FlowColumn.ofPort.map { column in column.value(of: port).map { self[column].place(of: $0) } }
            ports[port.number] = PortPlaces(port: port, places: places)
        }
        for (column, place) in zip(FlowColumn.ofPort, places) {
            if let place { self[column].append(at: place) } else { self[column].appendNull() }
        }
        // The highest version among the AWS columns here.
        self[.version].append(8)
        if port.coverage.interruption == nil { self[.incomplete].appendNull() } else { self[.incomplete].append(true) }
    }

    private mutating func append(_ window: Window) {
        self[.windowStart].append(window.start.seconds)
        self[.windowEnd].append(window.endSecond)
        self[.windowSequence].append(sequence)
        if window.spansRestart { self[.restarted].append(true) } else { self[.restarted].appendNull() }
    }

    private mutating func appendAddresses(of record: borrowing FlowRecord) {
        let (source, destination) = (place(ofSource: record.key.source), place(ofDestination: record.key.destination))
        self[.packetSourceAddress].append(at: source)
        self[.packetDestinationAddress].append(at: destination)
        let attribution = record.attribution
        self[.sourceAddress].append(at: attribution?.interfaceSource.map { place(ofSource: $0) } ?? source)
        self[.destinationAddress].append(
            at: attribution?.interfaceDestination.map { place(ofDestination: $0) } ?? destination)
        self[.packetSourceService].append(attribution?.sourceService)
        self[.packetDestinationService].append(attribution?.destinationService)
        append(attribution?.trafficPath.map(Int64.init), .trafficPath)
    }

    /// Both columns of sources have the same different values, so that one look-up serves both.
    private mutating func place(ofSource address: IPAddress) -> UInt32 {
        let (place, isNew) = sources.place(of: address)
        guard isNew else { return place }
        let text = address.description
        _ = self[.sourceAddress].add(text.utf8)
        return self[.packetSourceAddress].add(text.utf8)
    }

    private mutating func place(ofDestination address: IPAddress) -> UInt32 {
        let (place, isNew) = destinations.place(of: address)
        guard isNew else { return place }
        let text = address.description
        _ = self[.destinationAddress].add(text.utf8)
        return self[.packetDestinationAddress].add(text.utf8)
    }

    private mutating func appendTraffic(of record: borrowing FlowRecord) {
        let key = record.key
        self[.sourcePort].append(key.isICMP ? 0 : Int64(key.sourcePort))
        self[.destinationPort].append(key.isICMP ? 0 : Int64(key.destinationPort))
        self[.transport].append(Int64(key.transport))
        self[.packets].append(Int64(clamping: record.count.packets))
        self[.octets].append(Int64(clamping: record.count.octets))
        switch key.version {
        case .v4: self[.type].append(word: 0, "IPv4")
        case .v6: self[.type].append(word: 1, "IPv6")
        }
        append(key.direction)
        let isTCP = key.transport == TransportNumber.tcp
        self[.tcpFlags].append(isTCP ? Int64(record.tcpFlags) : 0)
        append(isTCP ? Int64(record.tcpControlBits) : nil, .tcpControlBits)
        append(record.hidesTCPFlags, .tcpFlagsHidden)
    }

    private mutating func append(_ direction: Direction) {
        switch direction {
        case .ingress: self[.direction].append(word: 0, "ingress")
        case .egress: self[.direction].append(word: 1, "egress")
        }
    }

    private mutating func appendHeaders(of record: borrowing FlowRecord) {
        let key = record.key
        append(key.vlanID == 0 ? nil : Int64(key.vlanID), .vlanID)
        append(key.innerVLANID == 0 ? nil : Int64(key.innerVLANID), .innerVLANID)
        let hasICMP = key.isICMP && !key.isFragmentWithoutFlow
        append(hasICMP ? Int64(key.sourcePort) : nil, .icmpType)
        append(hasICMP ? Int64(key.destinationPort) : nil, .icmpCode)
        append(key.isFragmentWithoutFlow, .fragmentWithoutFlow)
        append(record.dscp.map(Int64.init), .dscp)
        append(record.sourceMAC, .sourceMAC)
        append(record.destinationMAC, .destinationMAC)
        if let reason = record.window.endReason {
            self[.flowEndReason].append(word: reason == .activeTimeout ? 0 : 1, reason.name)
        } else {
            self[.flowEndReason].appendNull()
        }
    }

    private mutating func append(_ address: MACAddress?, _ column: FlowColumn) {
        guard let address else { return self[column].appendNull() }
        if let place = macs[column]?[address.bits] { return self[column].append(at: place) }
        let place = self[column].add(address.description.utf8)
        macs[column, default: [:]][address.bits] = place
        self[column].append(at: place)
    }

    private mutating func append(_ number: Int64?, _ column: FlowColumn) {
        if let number { self[column].append(number) } else { self[column].appendNull() }
    }

    /// Writes true or null, never false, as JSON lines do.
    private mutating func append(_ isSo: Bool, _ column: FlowColumn) {
        if isSo { self[column].append(true) } else { self[column].appendNull() }
    }

    private mutating func appendVerdict(_ verdict: Verdict) {
        switch verdict.action {
        case .accept: self[.action].append(word: 0, "ACCEPT")
        case .reject: self[.action].append(word: 1, "REJECT")
        case .unknown, .mixed: self[.action].appendNull()
        }
        append(verdict.action == .mixed, .mixedVerdicts)
        if let source = verdict.source {
            self[.verdictSource].append(word: source.rawValue, source.name)
        } else {
            self[.verdictSource].appendNull()
        }
        self[.rejectReason].append(verdict.reason?.text)
        self[.rule].append(verdict.rule?.text)
    }
}

// Lines that are no flows.
extension FlowRows {
    private mutating func appendGap(_ port: Port, _ window: Window, status: LogStatus, overflow: PacketCount?) {
        appendWindow(of: port, window, status)
        append(overflow.map { Int64(clamping: $0.packets) }, .overflowPackets)
        append(overflow.map { Int64(clamping: $0.octets) }, .overflowOctets)
        for column in FlowColumn.ofUnparsed + FlowColumn.ofFlowsAndUnparsed + FlowColumn.ofFlows {
            self[column].appendNull()
        }
    }

    private mutating func append(_ frames: UnparsedFrames, of port: Port, _ window: Window) {
        appendWindow(of: port, window, .ok)
        self[.packets].append(Int64(clamping: frames.count.packets))
        self[.octets].append(Int64(clamping: frames.count.octets))
        append(frames.direction)
        appendVerdict(frames.verdict)
        self[.unparsed].append(word: frames.reason.rawValue, frames.reason.name)
        append(frames.sample.map { Int64($0.length) }, .sampleLength)
        self[.sample].append(frames.sample.map { HexText.of($0.bytes) })
        for column in [FlowColumn.overflowPackets, .overflowOctets] + FlowColumn.ofFlows { self[column].appendNull() }
    }

    private mutating func appendWindow(of port: Port, _ window: Window, _ status: LogStatus) {
        appendPort(port)
        self[.start].append(window.start.seconds)
        self[.end].append(window.endSecond)
        self[.logStatus].append(word: status.rawValue, status.name)
        append(window)
    }
}

extension FlowColumn {
    /// What is the same for all lines of a port in a window.
    static let ofPort: [FlowColumn] = [
        .accountID, .interfaceID, .vpcID, .subnetID, .instanceID, .region, .availabilityZoneID, .sublocationType,
        .sublocationID, .port, .incompleteReason,
    ]

    func value(of port: Port) -> String? {
        let identity = port.identity
        switch self {
        case .accountID: return identity.accountID
        case .interfaceID: return identity.interfaceID ?? port.name
        case .vpcID: return identity.vpcID
        case .subnetID: return identity.subnetID
        case .instanceID: return identity.instanceID
        case .region: return identity.region
        case .availabilityZoneID: return identity.availabilityZoneID
        case .sublocationType: return identity.sublocationType
        case .sublocationID: return identity.sublocationID
        case .port: return port.name
        case .incompleteReason: return port.coverage.interruption
        default: return nil
        }
    }

    static let ofUnparsed: [FlowColumn] = [.unparsed, .sampleLength, .sample]
    static let ofGapsAndUnparsed = ofUnparsed + [.overflowPackets, .overflowOctets]
    static let ofFlowsAndUnparsed: [FlowColumn] = [
        .packets, .octets, .direction, .action, .mixedVerdicts, .verdictSource, .rejectReason, .rule,
    ]
    static let ofFlows: [FlowColumn] = [
        .sourceAddress, .destinationAddress, .sourcePort, .destinationPort, .transport, .tcpFlags, .type,
        .packetSourceAddress, .packetDestinationAddress, .packetSourceService, .packetDestinationService, .trafficPath,
        .vlanID, .innerVLANID, .icmpType, .icmpCode, .tcpControlBits, .firstMilliseconds, .lastMilliseconds,
        .flowEndReason, .sourceMAC, .destinationMAC, .dscp, .fragmentWithoutFlow, .tcpFlagsHidden, .observedAt,
    ]
}
