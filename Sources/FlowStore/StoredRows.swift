// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// The rows of a row group as lines of flow logs, page after page. A column that the file lacks is null.
///
/// What is a text in the file becomes an address, a port, or a rule once for each entry of a dictionary, not for each row. That, and arrays
/// without nulls in them, make 0.35 µs a record of 1.4.
struct StoredRows {
    /// By `FlowColumn.rawValue`; nil: nothing but nulls.
    private var pages: [ColumnPage?] = []
    private var isPlain = false
    /// By column: whether `IPAddress`es are made for a whole dictionary, since most rows are wanted.
    private var addresses: [4 of [IPAddress?]] = .init(repeating: [])
    private var rules: [RuleName] = []
    private var reasons: [RejectReason] = []
    private var sources: [VerdictSource?] = []
    private var macs: [2 of [MACAddress?]] = .init(repeating: [])
    private var observers: [Port] = []
    private var names: [2 of [EndName]] = .init(repeating: [])
    private var actions: [Verdict.Action] = []
    private var isEgress: [Bool] = []
    private var statuses: [Status] = []
    private var ports: [[Int]: Port] = [:]
    /// By row of the page: whether its port, its window is that of the row before.
    private var hasSamePort: [Bool] = []
    private var hasSameWindow: [Bool] = []
    private var lastPort: (row: Int, port: Port)?
    private var lastWindow: (row: Int, window: Window)?
    private var numbers = Numbers()

    private enum Status { case record, noData, skipData }

    /// Columns that most rows have.
    private struct Numbers {
        var packets = NumberColumn(nil)
        var octets = NumberColumn(nil)
        var first = NumberColumn(nil)
        var last = NumberColumn(nil)
        var sourcePort = NumberColumn(nil)
        var destinationPort = NumberColumn(nil)
        var transport = NumberColumn(nil)
        var tcpFlags = NumberColumn(nil)
        var controlBits = NumberColumn(nil)
        var dscp = NumberColumn(nil)
    }

    private static let ofPort = FlowColumn.ofPort + [.incomplete]
    private static let ofWindow: [FlowColumn] = [.windowStart, .windowEnd, .restarted, .flowEndReason]

    /// Goes on with another page of the same row group.
    ///
    /// - Returns: what `entry` is to be asked for: the rows that are wanted, or where they are few, their places among them.
    mutating func load(_ scan: GroupScan, page: Int, rows: Int, _ selection: GroupScan.Selection) throws -> [Int] {
        let wanted = selection.rows(of: rows)
        let isDense = wanted.count * Self.sparseness > rows
        pages = try FlowColumn.allCases.map { column in
            isDense ? try scan.column(column, page: page) : try scan.column(column, page: page, only: wanted)
        }
        let rows = isDense ? rows : wanted.count
        isPlain =
            scan.areTwins(.sourceAddress, .packetSourceAddress)
            && scan.areTwins(.destinationAddress, .packetDestinationAddress)
        hasSamePort = sameness(of: Self.ofPort, rows)
        hasSameWindow = sameness(of: Self.ofWindow, rows)
        (lastPort, lastWindow) = (nil, nil)
        numbers = Numbers(
            packets: column(.packets), octets: column(.octets), first: column(.firstMilliseconds),
            last: column(.lastMilliseconds), sourcePort: column(.sourcePort),
            destinationPort: column(.destinationPort), transport: column(.transport), tcpFlags: column(.tcpFlags),
            controlBits: column(.tcpControlBits), dscp: column(.dscp))
        loadDictionaries()
        if isDense { loadAddresses() }
        return isDense ? wanted : Array(wanted.indices)
    }

    /// Where fewer than one row in so many is wanted, what all of them have is not worth being made beforehand.
    private static let sparseness = 8

    private func column(_ column: FlowColumn) -> NumberColumn { NumberColumn(pages[column.rawValue]) }

    /// Once for each row group, as long as all values are in its dictionary.
    private mutating func loadDictionaries() {
        load(&rules, .rule) { RuleName(String(decoding: $0, as: UTF8.self)) }
        load(&reasons, .rejectReason) { RejectReason(String(decoding: $0, as: UTF8.self)) }
        load(&observers, .observedAt) {
            Port(number: PortNumber(0), name: String(decoding: $0, as: UTF8.self), role: .guest)
        }
        load(&sources, .verdictSource) { text in VerdictSource.allCases.first { text.elementsEqual("\($0.name)".utf8) }
        }
        load(&names[0], .sourceName) { EndName(String(decoding: $0, as: UTF8.self)) }
        load(&names[1], .destinationName) { EndName(String(decoding: $0, as: UTF8.self)) }
        load(&macs[0], .sourceMAC) { MACAddress(String(decoding: $0, as: UTF8.self)) }
        load(&macs[1], .destinationMAC) { MACAddress(String(decoding: $0, as: UTF8.self)) }
        load(&isEgress, .direction) { $0.elementsEqual("egress".utf8) }
        load(&actions, .action) {
            $0.elementsEqual("ACCEPT".utf8) ? .accept : $0.elementsEqual("REJECT".utf8) ? .reject : .unknown
        }
        load(&statuses, .logStatus) {
            $0.elementsEqual("NODATA".utf8) ? .noData : $0.elementsEqual("SKIPDATA".utf8) ? .skipData : .record
        }
    }

    private func load<Value>(_ values: inout [Value], _ column: FlowColumn, _ make: (ArraySlice<UInt8>) -> Value) {
        guard let page = pages[column.rawValue] else { return }
        if values.count > page.dictionaryCount { values.removeSubrange(page.dictionaryCount...) }
        for place in values.count..<max(values.count, page.texts.count) { values.append(make(page.texts[place])) }
    }

    private mutating func loadAddresses() {
        load(&addresses[0], .packetSourceAddress) { AddressText.read($0) }
        load(&addresses[1], .packetDestinationAddress) { AddressText.read($0) }
        guard !isPlain else { return }
        load(&addresses[2], .sourceAddress) { AddressText.read($0) }
        load(&addresses[3], .destinationAddress) { AddressText.read($0) }
    }

    /// By row: whether the columns have what they have in the row before.
    private func sameness(of columns: [FlowColumn], _ rows: Int) -> [Bool] {
        var isSame = [Bool](repeating: true, count: rows)
        var target = isSame.mutableSpan
        for column in columns {
            guard let places = pages[column.rawValue]?.places else { continue }
            let source = places.span
            for row in 1..<max(1, source.count) where source[row] != source[row - 1] { target[row] = false }
        }
        return isSame
    }

    /// Rows of a page are asked for in their order.
    mutating func entry(_ row: Int) throws(ParquetError) -> LogEntry {
        let port = try port(row)
        let window = try window(row)
        switch place(.logStatus, row).map({ statuses[$0] }) ?? .record {
        case .noData: return .noData(port: port, window: window)
        case .skipData:
            return .skipData(
                port: port, window: window,
                overflow: PacketCount(packets: count(.overflowPackets, row), octets: count(.overflowOctets, row)))
        case .record: break
        }
        guard place(.unparsed, row) == nil else { return .unparsed(port: port, window: window, try unparsed(row)) }
        return .flow(try record(row, port, window))
    }

    @inline(__always)
    private func place(_ column: FlowColumn, _ row: Int) -> Int? { pages[column.rawValue]?.place(row) }

    private func text(_ column: FlowColumn, _ row: Int) -> String? {
        guard let page = pages[column.rawValue] else { return nil }
        return page.place(row).map { page.texts.text($0) }
    }

    @inline(__always)
    private func number(_ column: FlowColumn, _ row: Int) -> Int64? { pages[column.rawValue]?.number(row) }

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

    private static func time(_ number: Int64?, _ unit: Int64) -> UnixTime? {
        guard let number else { return nil }
        let (nanoseconds, overflows) = number.multipliedReportingOverflow(by: unit)
        return overflows ? nil : UnixTime(nanoseconds: nanoseconds)
    }
}

/// The numbers of a page by row.
private struct NumberColumn {
    /// `ColumnContent.noNumber` is null; empty: nothing but nulls.
    private var values: [Int64] = []

    init(_ page: ColumnPage?) {
        guard let page else { return }
        values = [Int64](repeating: ColumnContent.noNumber, count: page.places.count)
        var target = values.mutableSpan
        let places = page.places.span
        let numbers = page.numbers.span
        for row in places.indices where places[row] != ColumnReader.null { target[row] = numbers[Int(places[row])] }
    }

    @inline(__always)
    subscript(_ row: Int) -> Int64? {
        guard !values.isEmpty, values[row] != ColumnContent.noNumber else { return nil }
        return values[row]
    }

    @inline(__always)
    func small<Number: FixedWidthInteger>(_ row: Int, _ column: FlowColumn) throws(ParquetError) -> Number? {
        guard let number = self[row] else { return nil }
        guard let small = Number(exactly: number) else {
            throw .damaged("a value of \(column.name) cannot be")
        }
        return small
    }
}

// What is the same for many rows.
extension StoredRows {
    private mutating func port(_ row: Int) throws(ParquetError) -> Port {
        if let last = lastPort, isSame(hasSamePort, from: last.row, to: row) {
            lastPort?.row = row
            return last.port
        }
        let key = Self.ofPort.map { place($0, row) ?? -1 } + [isTrue(.incomplete, row) ? 1 : 0]
        let port: Port
        if let known = ports[key] { port = known } else { port = try makePort(row) }
        ports[key] = port
        lastPort = (row, port)
        return port
    }

    @inline(__always)
    private func isSame(_ flags: [Bool], from last: Int, to row: Int) -> Bool {
        if row == last + 1 { return flags[row] }
        return flags[(last + 1)..<(row + 1)].allSatisfy(\.self)
    }

    private func makePort(_ row: Int) throws(ParquetError) -> Port {
        guard let name = text(.port, row) else { throw .damaged("a row has no port") }
        let interfaceID = text(.interfaceID, row)
        let identity = PortIdentity(
            accountID: text(.accountID, row), interfaceID: interfaceID == name ? nil : interfaceID,
            vpcID: text(.vpcID, row), subnetID: text(.subnetID, row), instanceID: text(.instanceID, row),
            region: text(.region, row), availabilityZoneID: text(.availabilityZoneID, row),
            sublocationType: text(.sublocationType, row), sublocationID: text(.sublocationID, row),
            instanceName: text(.instanceName, row), projectID: text(.projectID, row),
            projectName: text(.projectName, row))
        let coverage = isTrue(.incomplete, row) ? PortCoverage.interrupted(text(.incompleteReason, row) ?? "") : .whole
        // Numbers tell ports of a row group apart; the store does not have those of the kernel.
        return Port(
            number: PortNumber(UInt16(truncatingIfNeeded: ports.count)), name: name, role: .guest, identity: identity,
            coverage: coverage)
    }

    private mutating func window(_ row: Int) throws(ParquetError) -> Window {
        if let last = lastWindow, isSame(hasSameWindow, from: last.row, to: row) {
            lastWindow?.row = row
            return last.window
        }
        guard let start = Self.time(number(.windowStart, row), 1_000_000_000),
            let end = Self.time(number(.windowEnd, row), 1_000_000_000)
        else { throw .damaged("a row has no window") }
        let reason: FlowEndReason? =
            switch text(.flowEndReason, row) {
            case "active timeout": .activeTimeout
            case "forced end": .forcedEnd
            default: nil
            }
        let window = Window(number: 0, start: start, end: end, endReason: reason, spansRestart: isTrue(.restarted, row))
        lastWindow = (row, window)
        return window
    }

    private func verdict(_ row: Int) -> Verdict {
        guard let source = place(.verdictSource, row).flatMap({ sources[$0] }) else { return .unknown }
        let rule = place(.rule, row).map { rules[$0] }
        switch place(.action, row).map({ actions[$0] }) {
        case .accept: return .accept(source, rule: rule)
        case .reject: return .reject(source, reason: place(.rejectReason, row).map { reasons[$0] }, rule: rule)
        case nil: return isTrue(.mixedVerdicts, row) ? .mixed(source, rule: rule) : .unknown
        case .unknown, .mixed: return .unknown
        }
    }
}

extension StoredRows {
    private func record(_ row: Int, _ port: Port, _ window: Window) throws(ParquetError) -> FlowRecord {
        guard let first = Self.time(numbers.first[row], 1_000_000), let last = Self.time(numbers.last[row], 1_000_000)
        else { throw .damaged("a row has no times") }
        var record = FlowRecord(
            port: port, window: window, key: try key(row, port),
            count: PacketCount(
                packets: UInt64(clamping: numbers.packets[row] ?? 0), octets: UInt64(clamping: numbers.octets[row] ?? 0)
            ),
            first: first, last: last, tcpControlBits: try numbers.controlBits.small(row, .tcpControlBits) ?? 0,
            tcpFlags: try numbers.tcpFlags.small(row, .tcpFlags) ?? 0, dscp: try numbers.dscp.small(row, .dscp),
            sourceMAC: place(.sourceMAC, row).flatMap { macs[0][$0] },
            destinationMAC: place(.destinationMAC, row).flatMap { macs[1][$0] }, verdict: verdict(row),
            attribution: try attribution(row), observedAt: place(.observedAt, row).map { observers[$0] })
        if isTrue(.tcpFlagsHidden, row) { record.hidesTCPFlags = true }
        record.sourceName = place(.sourceName, row).map { names[0][$0] }
        record.destinationName = place(.destinationName, row).map { names[1][$0] }
        return record
    }

    @inline(__always)
    private func address(_ cache: Int, _ column: FlowColumn, _ row: Int) -> IPAddress? {
        guard let page = pages[column.rawValue], let place = page.place(row) else { return nil }
        return place < addresses[cache].count ? addresses[cache][place] : AddressText.read(page.texts[place])
    }

    private func key(_ row: Int, _ port: Port) throws(ParquetError) -> FlowKey {
        guard let source = address(0, .packetSourceAddress, row),
            let destination = address(1, .packetDestinationAddress, row),
            let transport: UInt8 = try numbers.transport.small(row, .transport)
        else { throw .damaged("a flow has no addresses") }
        var key = FlowKey(
            port: port.number, direction: direction(row), transport: transport, source: source, destination: destination
        )
        key.vlanID = try small(.vlanID, row) ?? 0
        key.innerVLANID = try small(.innerVLANID, row) ?? 0
        key.isFragmentWithoutFlow = isTrue(.fragmentWithoutFlow, row)
        if key.isICMP {
            key.sourcePort = try small(.icmpType, row) ?? 0
            key.destinationPort = try small(.icmpCode, row) ?? 0
        } else {
            key.sourcePort = try numbers.sourcePort.small(row, .sourcePort) ?? 0
            key.destinationPort = try numbers.destinationPort.small(row, .destinationPort) ?? 0
        }
        return key
    }

    private func direction(_ row: Int) -> Direction {
        place(.direction, row).map { isEgress[$0] ? .egress : .ingress } ?? .ingress
    }

    private func attribution(_ row: Int) throws(ParquetError) -> FlowAttribution? {
        if isPlain, place(.packetSourceService, row) == nil, place(.packetDestinationService, row) == nil,
            place(.trafficPath, row) == nil
        {
            return nil
        }
        let source = address(isPlain ? 0 : 2, .sourceAddress, row)
        let destination = address(isPlain ? 1 : 3, .destinationAddress, row)
        let attribution = FlowAttribution(
            interfaceSource: source == address(0, .packetSourceAddress, row) ? nil : source,
            interfaceDestination: destination == address(1, .packetDestinationAddress, row) ? nil : destination,
            sourceService: text(.packetSourceService, row), destinationService: text(.packetDestinationService, row),
            trafficPath: try small(.trafficPath, row))
        return attribution == FlowAttribution() ? nil : attribution
    }

    private func unparsed(_ row: Int) throws(ParquetError) -> UnparsedFrames {
        let name = text(.unparsed, row)
        guard let reason = UnparsedReason.allCases.first(where: { "\($0.name)" == name }) else {
            throw wrong(.unparsed)
        }
        var sample: FrameSample?
        if let length: UInt32 = try small(.sampleLength, row) {
            guard let bytes = HexText.bytes(text(.sample, row) ?? "") else { throw wrong(.sample) }
            sample = FrameSample(length: length, bytes: bytes)
        }
        return UnparsedFrames(
            direction: direction(row), reason: reason,
            count: PacketCount(packets: count(.packets, row), octets: count(.octets, row)), verdict: verdict(row),
            sample: sample)
    }
}
