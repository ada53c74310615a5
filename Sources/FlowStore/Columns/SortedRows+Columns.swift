// SPDX-License-Identifier: Apache-2.0

import FlowModel

// The columns of a row group.
extension SortedRows {
    /// Whether the addresses of all interfaces are those of the packets, so that two pairs of columns are equal.
    var hasPacketsAddressesOnly: Bool {
        !rest.contains { $0.attribution?.interfaceSource != nil || $0.attribution?.interfaceDestination != nil }
    }

    func content(of column: FlowColumn) -> ColumnContent {
        switch column {
        case .accountID, .interfaceID, .vpcID, .subnetID, .instanceID, .region, .availabilityZoneID, .sublocationType,
            .sublocationID, .port, .incompleteReason, .instanceName, .projectID, .projectName:
            ofPorts(column)
        case .sourceAddress: texts(column, ranks.texts, interfaceSource)
        case .destinationAddress: texts(column, ranks.texts, interfaceDestination)
        case .packetSourceAddress: texts(column, ranks.texts, source)
        case .packetDestinationAddress: texts(column, ranks.texts, destination)
        case .sourceName: texts(column, sourceNames, sourceName)
        case .destinationName: texts(column, destinationNames, destinationName)
        case .action, .logStatus, .type, .direction, .verdictSource, .flowEndReason, .rejectReason, .rule, .sourceMAC,
            .destinationMAC:
            texts(of: column)
        case .packetSourceService, .packetDestinationService, .unparsed, .sample, .observedAt: restTexts(of: column)
        case .trafficPath, .sampleLength, .overflowPackets, .overflowOctets: restNumbers(of: column)
        case .version, .start, .end, .windowStart, .windowEnd, .windowSequence, .incomplete, .restarted:
            numbersOfAll(column)
        case .packets: numbers(column, packets)
        case .octets: numbers(column, octets)
        case .firstMilliseconds: numbers(column, first)
        case .lastMilliseconds: numbers(column, last)
        default: numbersOfFlows(column)
        }
    }

    private func numbersOfAll(_ column: FlowColumn) -> ColumnContent {
        switch column {
        // The highest version among the AWS columns here.
        case .version: return numbers(column, [Int64](repeating: 8, count: count))
        case .start: return numbers(column, start)
        case .end: return numbers(column, end)
        case .windowSequence: return numbers(column, [Int64](repeating: sequence, count: count))
        case .incomplete:
            return numbers(column, port, ports.map { $0.coverage.interruption == nil ? ColumnContent.noNumber : 1 })
        default:
            let values = windows.map { window in
                switch column {
                case .windowStart: window.start.seconds
                case .windowEnd: window.endSecond
                default: window.spansRestart ? 1 : ColumnContent.noNumber
                }
            }
            return numbers(column, window, values)
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
        case .vlanID: flows(column, .vlan) { $0.vlanID == 0 ? ColumnContent.noNumber : Int64($0.vlanID) }
        case .innerVLANID:
            flows(column, .innerVLAN) { $0.innerVLANID == 0 ? ColumnContent.noNumber : Int64($0.innerVLANID) }
        case .icmpType:
            flows(column, .icmp) {
                $0.isICMP && !$0.marks.contains(.fragmentWithoutFlow) ? Int64($0.sourcePort) : ColumnContent.noNumber
            }
        case .icmpCode:
            flows(column, .icmp) {
                $0.isICMP && !$0.marks.contains(.fragmentWithoutFlow)
                    ? Int64($0.destinationPort) : ColumnContent.noNumber
            }
        case .dscp: flows(column) { $0.dscp == FlowRows.Words.none ? ColumnContent.noNumber : Int64($0.dscp) }
        case .fragmentWithoutFlow: marked(column, .fragmentWithoutFlow)
        case .tcpFlagsHidden: marked(column, .hiddenTCPFlags)
        case .mixedVerdicts: marked(column, .mixedVerdicts)
        default: preconditionFailure("\(column) has no numbers")
        }
    }

    /// True where a row has the mark.
    private func marked(_ column: FlowColumn, _ mark: FlowRows.Marks) -> ColumnContent {
        guard marks.contains(mark) else { return nothing(column) }
        return numbers(column, words.map { $0.marks.contains(mark) ? 1 : ColumnContent.noNumber })
    }

    /// - Parameter mark: without which no row has a value.
    @inline(__always)
    private func flows(
        _ column: FlowColumn, _ mark: FlowRows.Marks = .flow, _ value: (FlowRows.Words) -> Int64
    ) -> ColumnContent {
        guard marks.contains(mark) else { return nothing(column) }
        var numbers = [Int64](repeating: ColumnContent.noNumber, count: count)
        var target = numbers.mutableSpan
        let source = words.span
        for row in source.indices where source[row].isFlow { target[row] = value(source[row]) }
        return self.numbers(column, numbers)
    }

    /// Of the places of rows among `values`.
    private func numbers(_ column: FlowColumn, _ places: [UInt32], _ values: [Int64]) -> ColumnContent {
        guard values.contains(where: { $0 != ColumnContent.noNumber }) else { return nothing(column) }
        if isSame(values, places) {
            return numbers(column, [Int64](repeating: values[0], count: count))
        }
        var numbers = [Int64](repeating: ColumnContent.noNumber, count: count)
        var target = numbers.mutableSpan
        let source = places.span
        for row in source.indices where source[row] != ColumnContent.noText { target[row] = values[Int(source[row])] }
        return self.numbers(column, numbers)
    }

    private func numbers(_ column: FlowColumn, _ numbers: [Int64]) -> ColumnContent {
        guard numbers.contains(where: { $0 != ColumnContent.noNumber }) else { return nothing(column) }
        return ColumnContent(column.schema, rows: count, .numbers(numbers))
    }

    /// Whether all rows have one value, as with one window, or with ports of one account.
    private func isSame<Value: Equatable>(_ values: [Value], _ places: [UInt32]) -> Bool {
        values.allSatisfy { $0 == values[0] } && !places.contains(ColumnContent.noText)
    }

    private func nothing(_ column: FlowColumn) -> ColumnContent {
        ColumnContent(column.schema, rows: count, .nothing)
    }
}

// Columns of texts.
extension SortedRows {
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
        return self.texts(column, texts, port, places)
    }

    private func texts(of column: FlowColumn) -> ColumnContent {
        switch column {
        case .action:
            texts(column, dictionary(["ACCEPT", "REJECT"])) {
                switch $0.action {
                case Verdict.Action.accept.rawValue: 0
                case Verdict.Action.reject.rawValue: 1
                default: ColumnContent.noText
                }
            }
        case .logStatus: texts(column, dictionary(["OK", "NODATA", "SKIPDATA"])) { UInt32($0.status.rawValue) }
        case .type:
            texts(column, dictionary(["IPv4", "IPv6"])) {
                $0.isFlow ? ($0.marks.contains(.v6) ? 1 : 0) : ColumnContent.noText
            }
        case .direction: texts(column, dictionary(["ingress", "egress"])) { Self.place($0.direction) }
        case .verdictSource:
            texts(column, dictionary(VerdictSource.allCases.map { "\($0.name)" })) { Self.place($0.verdictSource) }
        case .flowEndReason: flowEndReasons(column)
        case .rejectReason: texts(column, reasons, reason)
        case .rule: texts(column, rules, rule)
        case .sourceMAC: texts(column, dictionary(macs.map(\.description)), sourceMAC)
        default: texts(column, dictionary(macs.map(\.description)), destinationMAC)
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
        guard places.contains(where: { $0 != ColumnContent.noText }) else { return nothing(column) }
        var flows = [UInt32](repeating: ColumnContent.noText, count: count)
        for row in 0..<count where words[row].isFlow { flows[row] = places[Int(window[row])] }
        return texts(column, dictionary([FlowEndReason.activeTimeout, .forcedEnd].map { "\($0.name)" }), flows)
    }

    /// A word's number as a place.
    private static func place(_ word: UInt8) -> UInt32 {
        word == FlowRows.Words.none ? ColumnContent.noText : UInt32(word)
    }

    private func dictionary(_ words: [String]) -> TextDictionary {
        var texts = TextDictionary()
        for word in words { _ = texts.add(word.utf8) }
        return texts
    }

    @inline(__always)
    private func texts(
        _ column: FlowColumn, _ all: TextDictionary, _ place: (FlowRows.Words) -> UInt32
    ) -> ColumnContent {
        var places = [UInt32](repeating: ColumnContent.noText, count: count)
        var target = places.mutableSpan
        let source = words.span
        for row in source.indices { target[row] = place(source[row]) }
        return texts(column, all, places)
    }

    /// Of the places of rows among `values`, which are places among the texts.
    private func texts(
        _ column: FlowColumn, _ all: TextDictionary, _ places: [UInt32], _ values: [UInt32]
    ) -> ColumnContent {
        if isSame(values, places) {
            return texts(column, all, [UInt32](repeating: values[0], count: count))
        }
        var moved = [UInt32](repeating: ColumnContent.noText, count: count)
        var target = moved.mutableSpan
        let source = places.span
        for row in source.indices where source[row] != ColumnContent.noText { target[row] = values[Int(source[row])] }
        return texts(column, all, moved)
    }

    /// Keeps only the texts that a row has, in their order.
    private func texts(_ column: FlowColumn, _ all: TextDictionary, _ places: [UInt32]) -> ColumnContent {
        var isUsed = [Bool](repeating: false, count: all.count)
        var used = isUsed.mutableSpan
        let source = places.span
        for row in source.indices where source[row] != ColumnContent.noText { used[Int(source[row])] = true }
        return content(column, places, all, isUsed)
    }

    private func content(
        _ column: FlowColumn, _ places: [UInt32], _ all: TextDictionary, _ isUsed: [Bool]
    ) -> ColumnContent {
        guard isUsed.contains(true) else { return nothing(column) }
        guard isUsed.contains(false) else {
            return ColumnContent(column.schema, rows: count, .texts(places, all))
        }
        var texts = TextDictionary()
        let moved = isUsed.indices.map { isUsed[$0] ? texts.add(all[$0]) : ColumnContent.noText }
        var places = places
        var target = places.mutableSpan
        for row in target.indices where target[row] != ColumnContent.noText { target[row] = moved[Int(target[row])] }
        return ColumnContent(column.schema, rows: count, .texts(places, texts))
    }
}

// Columns of which few rows have a value.
extension SortedRows {
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
        return texts(column, all, restPlace, places)
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
        return numbers(column, restPlace, values)
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
        case .instanceName: return identity.instanceName
        case .projectID: return identity.projectID
        case .projectName: return identity.projectName
        default: return nil
        }
    }

    /// What is the same for all lines of a port in a window.
    static let ofPort: [FlowColumn] = [
        .accountID, .interfaceID, .vpcID, .subnetID, .instanceID, .region, .availabilityZoneID, .sublocationType,
        .sublocationID, .port, .incompleteReason, .instanceName, .projectID, .projectName,
    ]
}
