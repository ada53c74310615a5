// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// The rows of a row group as lines of flow logs. A column that the file lacks is null.
package struct StoredRows {
    package let count: Int
    private let columns: [ColumnValues?]
    private var ports: [[UInt32]: Port] = [:]
    private var rules: [UInt32: RuleName] = [:]
    private var reasons: [UInt32: RejectReason] = [:]
    private var addresses: [FlowColumn: [IPAddress?]] = [:]

    /// - Parameter columns: by `FlowColumn.rawValue`; nil for those that the file does not have.
    package init(_ columns: [ColumnValues?], count: Int) {
        self.columns = columns
        self.count = count
        for column in [FlowColumn.sourceAddress, .destinationAddress, .packetSourceAddress, .packetDestinationAddress] {
            addresses[column] = columns[column.rawValue]?.texts.map { IPAddress($0) } ?? []
        }
    }

    package mutating func entry(_ row: Int) throws(ParquetError) -> LogEntry {
        let port = try port(row)
        let window = try window(row)
        switch text(.logStatus, row) {
        case "NODATA": return .noData(port: port, window: window)
        case "SKIPDATA":
            return .skipData(
                port: port, window: window,
                overflow: PacketCount(packets: count(.overflowPackets, row), octets: count(.overflowOctets, row)))
        default: break
        }
        guard text(.unparsed, row) == nil else { return .unparsed(port: port, window: window, try unparsed(row)) }
        return .flow(try record(row, port, window))
    }

    private func place(_ column: FlowColumn, _ row: Int) -> UInt32? {
        guard let place = columns[column.rawValue]?.places[row], place != ColumnValues.null else { return nil }
        return place
    }

    private func text(_ column: FlowColumn, _ row: Int) -> String? {
        place(column, row).flatMap { columns[column.rawValue]?.texts[Int($0)] }
    }

    private func number(_ column: FlowColumn, _ row: Int) -> Int64? {
        place(column, row).flatMap { columns[column.rawValue]?.numbers[Int($0)] }
    }

    private func isTrue(_ column: FlowColumn, _ row: Int) -> Bool { number(column, row) == 1 }

    private func count(_ column: FlowColumn, _ row: Int) -> UInt64 {
        number(column, row).map { UInt64(clamping: $0) } ?? 0
    }

    private func small<Number: FixedWidthInteger>(_ column: FlowColumn, _ row: Int) throws(ParquetError) -> Number? {
        guard let number = number(column, row) else { return nil }
        guard let small = Number(exactly: number) else { throw wrong(column) }
        return small
    }

    private func wrong(_ column: FlowColumn) -> ParquetError { .damaged("a value of \(column.name) cannot be") }

    private mutating func port(_ row: Int) throws(ParquetError) -> Port {
        let key = FlowColumn.ofPort.map { place($0, row) ?? ColumnValues.null } + [isTrue(.incomplete, row) ? 1 : 0]
        if let known = ports[key] { return known }
        guard let name = text(.port, row) else { throw .damaged("a row has no port") }
        let interfaceID = text(.interfaceID, row)
        let identity = PortIdentity(
            accountID: text(.accountID, row), interfaceID: interfaceID == name ? nil : interfaceID,
            vpcID: text(.vpcID, row), subnetID: text(.subnetID, row), instanceID: text(.instanceID, row),
            region: text(.region, row), availabilityZoneID: text(.availabilityZoneID, row),
            sublocationType: text(.sublocationType, row), sublocationID: text(.sublocationID, row))
        let coverage = isTrue(.incomplete, row) ? PortCoverage.interrupted(text(.incompleteReason, row) ?? "") : .whole
        // Numbers tell ports of a row group apart; the store does not have those of the kernel.
        let port = Port(
            number: PortNumber(UInt16(truncatingIfNeeded: ports.count)), name: name, role: .guest, identity: identity,
            coverage: coverage)
        ports[key] = port
        return port
    }

    private func window(_ row: Int) throws(ParquetError) -> Window {
        guard let start = time(.windowStart, row, 1_000_000_000), let end = time(.windowEnd, row, 1_000_000_000) else {
            throw .damaged("a row has no window")
        }
        let reason: FlowEndReason? =
            switch text(.flowEndReason, row) {
            case "active timeout": .activeTimeout
            case "forced end": .forcedEnd
            default: nil
            }
        return Window(number: 0, start: start, end: end, endReason: reason, spansRestart: isTrue(.restarted, row))
    }

    private func time(_ column: FlowColumn, _ row: Int, _ unit: Int64) -> UnixTime? {
        guard let number = number(column, row) else { return nil }
        let (nanoseconds, overflows) = number.multipliedReportingOverflow(by: unit)
        return overflows ? nil : UnixTime(nanoseconds: nanoseconds)
    }

    private func address(_ column: FlowColumn, _ row: Int) -> IPAddress? {
        place(column, row).flatMap { addresses[column]?[Int($0)] }
    }

    private mutating func record(_ row: Int, _ port: Port, _ window: Window) throws(ParquetError) -> FlowRecord {
        guard let first = time(.firstMilliseconds, row, 1_000_000), let last = time(.lastMilliseconds, row, 1_000_000)
        else {
            throw .damaged("a row has no times")
        }
        var record = FlowRecord(
            port: port, window: window, key: try key(row, port),
            count: PacketCount(packets: count(.packets, row), octets: count(.octets, row)), first: first, last: last,
            tcpControlBits: try small(.tcpControlBits, row) ?? 0, tcpFlags: try small(.tcpFlags, row) ?? 0,
            dscp: try small(.dscp, row),
            sourceMAC: text(.sourceMAC, row).flatMap { MACAddress($0) },
            destinationMAC: text(.destinationMAC, row).flatMap { MACAddress($0) }, verdict: verdict(row),
            attribution: try attribution(row),
            observedAt: text(.observedAt, row).map { Port(number: PortNumber(0), name: $0, role: .guest) })
        record.hidesTCPFlags = isTrue(.tcpFlagsHidden, row)
        return record
    }

    private func key(_ row: Int, _ port: Port) throws(ParquetError) -> FlowKey {
        guard let source = address(.packetSourceAddress, row),
            let destination = address(.packetDestinationAddress, row),
            let transport: UInt8 = try small(.transport, row)
        else { throw .damaged("a flow has no addresses") }
        let isICMP = transport == TransportNumber.icmp || transport == TransportNumber.icmpv6
        return FlowKey(
            port: port.number, direction: text(.direction, row) == "egress" ? .egress : .ingress,
            vlanID: try small(.vlanID, row) ?? 0, innerVLANID: try small(.innerVLANID, row) ?? 0, transport: transport,
            source: source, destination: destination,
            sourcePort: try small(isICMP ? .icmpType : .sourcePort, row) ?? 0,
            destinationPort: try small(isICMP ? .icmpCode : .destinationPort, row) ?? 0,
            isFragmentWithoutFlow: isTrue(.fragmentWithoutFlow, row))
    }

    private func attribution(_ row: Int) throws(ParquetError) -> FlowAttribution? {
        let source = address(.sourceAddress, row)
        let destination = address(.destinationAddress, row)
        let path: Int? = try small(.trafficPath, row)
        let attribution = FlowAttribution(
            interfaceSource: source == address(.packetSourceAddress, row) ? nil : source,
            interfaceDestination: destination == address(.packetDestinationAddress, row) ? nil : destination,
            sourceService: text(.packetSourceService, row), destinationService: text(.packetDestinationService, row),
            trafficPath: path)
        return attribution == FlowAttribution() ? nil : attribution
    }

    private mutating func verdict(_ row: Int) -> Verdict {
        let source = text(.verdictSource, row).flatMap { name in VerdictSource.allCases.first { "\($0.name)" == name } }
        let rule = place(.rule, row).map { place in
            let name = text(.rule, row) ?? ""
            return Self.kept(place, &rules) { RuleName(name) }
        }
        guard let source else { return .unknown }
        switch text(.action, row) {
        case "ACCEPT": return .accept(source, rule: rule)
        case "REJECT":
            let reason = place(.rejectReason, row).map { place in
                let name = text(.rejectReason, row) ?? ""
                return Self.kept(place, &reasons) { RejectReason(name) }
            }
            return .reject(source, reason: reason, rule: rule)
        default: return isTrue(.mixedVerdicts, row) ? .mixed(source, rule: rule) : .unknown
        }
    }

    /// One object for each different text.
    private static func kept<Value>(_ place: UInt32, _ known: inout [UInt32: Value], _ make: () -> Value) -> Value {
        if let value = known[place] { return value }
        let value = make()
        known[place] = value
        return value
    }

    private mutating func unparsed(_ row: Int) throws(ParquetError) -> UnparsedFrames {
        guard let reason = UnparsedReason.allCases.first(where: { "\($0.name)" == text(.unparsed, row) }) else {
            throw wrong(.unparsed)
        }
        var sample: FrameSample?
        if let length: UInt32 = try small(.sampleLength, row) {
            guard let bytes = HexText.bytes(text(.sample, row) ?? "") else { throw wrong(.sample) }
            sample = FrameSample(length: length, bytes: bytes)
        }
        return UnparsedFrames(
            direction: text(.direction, row) == "egress" ? .egress : .ingress, reason: reason,
            count: PacketCount(packets: count(.packets, row), octets: count(.octets, row)), verdict: verdict(row),
            sample: sample)
    }
}
