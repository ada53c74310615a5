// SPDX-License-Identifier: Apache-2.0

import FlowModel

// The columns of a row group.
extension FlowRows {
    /// Whether the addresses of all interfaces are those of the packets, so that two pairs of columns are equal.
    var hasPacketsAddressesOnly: Bool {
        !rest.contains { $0.attribution?.interfaceSource != nil || $0.attribution?.interfaceDestination != nil }
    }

    /// - Parameter ranks: of `addresses`.
    func content(of column: FlowColumn, _ ranks: AddressRanks) -> ColumnContent {
        switch column {
        case .accountID, .interfaceID, .vpcID, .subnetID, .instanceID, .region, .availabilityZoneID, .sublocationType,
            .sublocationID, .port, .incompleteReason:
            ofPorts(column)
        case .sourceAddress: addresses(column, ranks) { $0.interfaceSource }
        case .destinationAddress: addresses(column, ranks) { $0.interfaceDestination }
        case .packetSourceAddress: addresses(column, ranks) { $0.source }
        case .packetDestinationAddress: addresses(column, ranks) { $0.destination }
        case .action, .logStatus, .type, .direction, .verdictSource, .flowEndReason, .rejectReason, .rule, .sourceMAC,
            .destinationMAC:
            texts(of: column)
        case .packetSourceService, .packetDestinationService, .unparsed, .sample, .observedAt: restTexts(of: column)
        case .trafficPath, .sampleLength, .overflowPackets, .overflowOctets: restNumbers(of: column)
        case .version, .start, .end, .windowStart, .windowEnd, .windowSequence, .incomplete, .restarted:
            numbersOfAll(column)
        case .packets: numbers(column) { $0.packets }
        case .octets: numbers(column) { $0.octets }
        case .firstMilliseconds: numbers(column) { $0.first }
        case .lastMilliseconds: numbers(column) { $0.last }
        default: numbersOfFlows(column)
        }
    }

    private func numbersOfAll(_ column: FlowColumn) -> ColumnContent {
        switch column {
        // The highest version among the AWS columns here.
        case .version: return numbers(column) { _ in 8 }
        case .start: return numbers(column) { $0.start }
        case .end: return numbers(column) { $0.end }
        case .windowSequence: return numbers(column) { _ in sequence }
        case .incomplete:
            let truths = ports.map { $0.coverage.interruption == nil ? ColumnContent.noNumber : 1 }
            return numbers(column, isThere: truths.contains(1)) { truths[Int($0.port)] }
        default:
            let values = windows.map { window in
                switch column {
                case .windowStart: window.start.seconds
                case .windowEnd: window.endSecond
                default: window.spansRestart ? 1 : ColumnContent.noNumber
                }
            }
            return numbers(column, isThere: values.contains { $0 != ColumnContent.noNumber }) { values[Int($0.window)] }
        }
    }

    private func numbersOfFlows(_ column: FlowColumn) -> ColumnContent {
        switch column {
        case .sourcePort: flows(column) { $0.isICMP ? 0 : Int64($0.sourcePort) }
        case .destinationPort: flows(column) { $0.isICMP ? 0 : Int64($0.destinationPort) }
        case .transport: flows(column) { Int64($0.transport) }
        case .tcpFlags: flows(column) { $0.transport == TransportNumber.tcp ? Int64($0.tcpFlags) : 0 }
        case .tcpControlBits:
            flows(column) { $0.transport == TransportNumber.tcp ? Int64($0.controlBits) : ColumnContent.noNumber }
        case .vlanID: flows(column) { $0.vlanID == 0 ? ColumnContent.noNumber : Int64($0.vlanID) }
        case .innerVLANID: flows(column) { $0.innerVLANID == 0 ? ColumnContent.noNumber : Int64($0.innerVLANID) }
        case .icmpType:
            flows(column) { $0.isICMP && !$0.isFragmentWithoutFlow ? Int64($0.sourcePort) : ColumnContent.noNumber }
        case .icmpCode:
            flows(column) {
                $0.isICMP && !$0.isFragmentWithoutFlow ? Int64($0.destinationPort) : ColumnContent.noNumber
            }
        case .dscp: flows(column) { $0.dscp == Row.noWord ? ColumnContent.noNumber : Int64($0.dscp) }
        case .fragmentWithoutFlow: flows(column) { $0.isFragmentWithoutFlow ? 1 : ColumnContent.noNumber }
        case .tcpFlagsHidden: flows(column) { $0.hidesTCPFlags ? 1 : ColumnContent.noNumber }
        case .mixedVerdicts:
            numbers(column) { $0.action == Verdict.Action.mixed.rawValue ? 1 : ColumnContent.noNumber }
        default: preconditionFailure("\(column) has no numbers")
        }
    }

    @inline(__always)
    private func flows(_ column: FlowColumn, _ value: (borrowing Row) -> Int64) -> ColumnContent {
        numbers(column) { $0.isFlow ? value($0) : ColumnContent.noNumber }
    }

    @inline(__always)
    private func numbers(
        _ column: FlowColumn, isThere: Bool = true, _ value: (borrowing Row) -> Int64
    ) -> ColumnContent {
        guard isThere else { return nothing(column) }
        var numbers = [Int64](repeating: 0, count: rows.count)
        var target = numbers.mutableSpan
        let source = rows.span
        var any = false
        for row in source.indices {
            let number = value(source[row])
            target[row] = number
            any = any || number != ColumnContent.noNumber
        }
        return any ? ColumnContent(column.schema, rows: rows.count, .numbers(numbers)) : nothing(column)
    }

    private func nothing(_ column: FlowColumn) -> ColumnContent {
        ColumnContent(column.schema, rows: rows.count, .nothing)
    }
}

// Columns of texts.
extension FlowRows {
    private func ofPorts(_ column: FlowColumn) -> ColumnContent {
        let values = ports.map { column.value(of: $0) }
        guard values.contains(where: { $0 != nil }) else { return nothing(column) }
        var (texts, known): (TextDictionary, [String: UInt32]) = (TextDictionary(), [:])
        let places = values.map { value -> UInt32 in
            guard let value else { return ColumnContent.noText }
            let place = known[value] ?? texts.add(value.utf8)
            known[value] = place
            return place
        }
        return self.texts(column, texts) { places[Int($0.port)] }
    }

    private func addresses(
        _ column: FlowColumn, _ ranks: AddressRanks, _ place: (borrowing Row) -> UInt32
    ) -> ColumnContent {
        texts(column, ranks.texts) { row in
            let place = place(row)
            return place == ColumnContent.noText ? place : ranks.ranks[Int(place)]
        }
    }

    private func texts(of column: FlowColumn) -> ColumnContent {
        switch column {
        case .action:
            texts(column, words(["ACCEPT", "REJECT"])) {
                switch $0.action {
                case Verdict.Action.accept.rawValue: 0
                case Verdict.Action.reject.rawValue: 1
                default: ColumnContent.noText
                }
            }
        case .logStatus: texts(column, words(["OK", "NODATA", "SKIPDATA"])) { UInt32($0.status.rawValue) }
        case .type: texts(column, words(["IPv4", "IPv6"])) { $0.isFlow ? ($0.isV6 ? 1 : 0) : ColumnContent.noText }
        case .direction: texts(column, words(["ingress", "egress"])) { Self.place($0.direction) }
        case .verdictSource:
            texts(column, words(VerdictSource.allCases.map { "\($0.name)" })) { Self.place($0.verdictSource) }
        case .flowEndReason: flowEndReasons(column)
        case .rejectReason: texts(column, reasons.texts) { $0.reason }
        case .rule: texts(column, rules.texts) { $0.rule }
        case .sourceMAC: texts(column, words(macs.map(\.description))) { $0.sourceMAC }
        default: texts(column, words(macs.map(\.description))) { $0.destinationMAC }
        }
    }

    private func flowEndReasons(_ column: FlowColumn) -> ColumnContent {
        let places = windows.map { window -> UInt32 in
            switch window.endReason {
            case nil: ColumnContent.noText
            case .activeTimeout: 0
            case .forcedEnd: 1
            }
        }
        let texts = words([FlowEndReason.activeTimeout, .forcedEnd].map { "\($0.name)" })
        return self.texts(column, texts) { $0.isFlow ? places[Int($0.window)] : ColumnContent.noText }
    }

    /// A word's number as a place.
    private static func place(_ word: UInt8) -> UInt32 { word == Row.noWord ? ColumnContent.noText : UInt32(word) }

    private func words(_ words: [String]) -> TextDictionary {
        var texts = TextDictionary()
        for word in words { _ = texts.add(word.utf8) }
        return texts
    }

    /// Keeps only the texts that a row has, in their order.
    @inline(__always)
    private func texts(
        _ column: FlowColumn, _ all: TextDictionary, _ place: (borrowing Row) -> UInt32
    ) -> ColumnContent {
        var isUsed = [Bool](repeating: false, count: all.count)
        var places = [UInt32](repeating: ColumnContent.noText, count: rows.count)
        var target = places.mutableSpan
        var used = isUsed.mutableSpan
        let source = rows.span
        for row in source.indices {
            let place = place(source[row])
            guard place != ColumnContent.noText else { continue }
            target[row] = place
            used[Int(place)] = true
        }
        return content(column, places, all, isUsed)
    }

    private func content(
        _ column: FlowColumn, _ places: [UInt32], _ all: TextDictionary, _ isUsed: [Bool]
    ) -> ColumnContent {
        guard isUsed.contains(true) else { return nothing(column) }
        guard isUsed.contains(false) else {
            return ColumnContent(column.schema, rows: rows.count, .texts(places, all))
        }
        var texts = TextDictionary()
        let moved = isUsed.indices.map { isUsed[$0] ? texts.add(all[$0]) : ColumnContent.noText }
        var places = places
        var target = places.mutableSpan
        for row in target.indices where target[row] != ColumnContent.noText { target[row] = moved[Int(target[row])] }
        return ColumnContent(column.schema, rows: rows.count, .texts(places, texts))
    }
}

// Columns of which few rows have a value.
extension FlowRows {
    private func restTexts(of column: FlowColumn) -> ColumnContent {
        let values = rest.map { rest -> String? in
            switch column {
            case .packetSourceService: rest.attribution?.sourceService
            case .packetDestinationService: rest.attribution?.destinationService
            case .unparsed: rest.unparsed.map { "\($0.name)" }
            case .sample: rest.sample.map { HexText.of($0.bytes) }
            default: rest.observedAt
            }
        }
        guard values.contains(where: { $0 != nil }) else { return nothing(column) }
        var (all, known): (TextDictionary, [String: UInt32]) = (TextDictionary(), [:])
        let places = values.map { value -> UInt32 in
            guard let value else { return ColumnContent.noText }
            let place = known[value] ?? all.add(value.utf8)
            known[value] = place
            return place
        }
        return texts(column, all) { $0.rest == ColumnContent.noText ? ColumnContent.noText : places[Int($0.rest)] }
    }

    private func restNumbers(of column: FlowColumn) -> ColumnContent {
        let values = rest.map { rest -> Int64 in
            let number: Int64? =
                switch column {
                case .trafficPath: rest.attribution?.trafficPath.map(Int64.init)
                case .sampleLength: rest.sample.map { Int64($0.length) }
                case .overflowPackets: rest.overflow.map { Int64(clamping: $0.packets) }
                default: rest.overflow.map { Int64(clamping: $0.octets) }
                }
            return number ?? ColumnContent.noNumber
        }
        return numbers(column, isThere: values.contains { $0 != ColumnContent.noNumber }) {
            $0.rest == ColumnContent.noText ? ColumnContent.noNumber : values[Int($0.rest)]
        }
    }
}

extension FlowColumn {
    var schema: ParquetColumn { Self.schema[rawValue] }

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

    /// What is the same for all lines of a port in a window.
    static let ofPort: [FlowColumn] = [
        .accountID, .interfaceID, .vpcID, .subnetID, .instanceID, .region, .availabilityZoneID, .sublocationType,
        .sublocationID, .port, .incompleteReason,
    ]
}
