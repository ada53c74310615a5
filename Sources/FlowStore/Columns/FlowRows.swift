// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Lines of flow logs on their way into columns, as many as a row group holds.
///
/// Of a line it keeps numbers, and places among different values; `SortedRows` makes columns of them.
package struct FlowRows {
    /// A line. 120 bytes, of which a row group holds 131,072.
    struct Row {
        var packets = ColumnContent.noNumber
        var octets = ColumnContent.noNumber
        /// Milliseconds.
        var first = ColumnContent.noNumber
        var last = ColumnContent.noNumber
        /// Seconds.
        var start: Int64
        var end: Int64
        /// Among `addresses`, as are those that follow; of the packets.
        var source = ColumnContent.noText
        var destination = ColumnContent.noText
        /// Of the interface.
        var interfaceSource = ColumnContent.noText
        var interfaceDestination = ColumnContent.noText
        /// Among `ports`.
        var port: UInt32
        /// Among `windows`.
        var window: UInt32
        /// Among `sourceNames`, `destinationNames`.
        var sourceName = ColumnContent.noText
        var destinationName = ColumnContent.noText
        /// Among `rules`, `reasons`, `macs`, `rest`.
        var rule = ColumnContent.noText
        var reason = ColumnContent.noText
        var sourceMAC = ColumnContent.noText
        var destinationMAC = ColumnContent.noText
        var rest = ColumnContent.noText
        var words: Words
    }

    /// What is short of a line.
    struct Words {
        var sourcePort: UInt16 = 0
        var destinationPort: UInt16 = 0
        var vlanID: UInt16 = 0
        var innerVLANID: UInt16 = 0
        var controlBits: UInt16 = 0
        var transport: UInt8 = 0
        var tcpFlags: UInt8 = 0
        var status: LogStatus
        /// 0: ingress, 1: egress; `none`: the line has none, as with those that follow.
        var direction = Self.none
        var action = Self.none
        var verdictSource = Self.none
        var dscp = Self.none
        var marks: Marks = []

        static let none = UInt8.max

        var isFlow: Bool { marks.contains(.flow) }
        var isICMP: Bool { marks.contains(.icmp) }
    }

    struct Marks: OptionSet {
        let rawValue: UInt8

        static let flow = Marks(rawValue: 1)
        static let icmp = Marks(rawValue: 2)
        static let v6 = Marks(rawValue: 4)
        static let fragmentWithoutFlow = Marks(rawValue: 8)
        static let hiddenTCPFlags = Marks(rawValue: 16)
        static let vlan = Marks(rawValue: 32)
        static let innerVLAN = Marks(rawValue: 64)
        static let mixedVerdicts = Marks(rawValue: 128)
    }

    /// The value of AWS's `log-status`.
    enum LogStatus: UInt8 {
        case ok
        case noData
        case skipData
    }

    /// What few lines have.
    struct Rest {
        var attribution: FlowAttribution?
        var observedAt: String?
        var overflow: PacketCount?
        var unparsed: UnparsedReason?
        var sample: FrameSample?
    }

    private(set) var rows: [Row] = []
    private(set) var ports: [Port] = []
    private(set) var windows: [Window] = []
    private(set) var addresses = AddressPlaces()
    private(set) var rules = TextPlaces()
    private(set) var reasons = TextPlaces()
    private(set) var sourceNames = TextPlaces()
    private(set) var destinationNames = TextPlaces()
    private(set) var macs: [MACAddress] = []
    private(set) var rest: [Rest] = []
    private var portPlaces: [PortNumber: UInt32] = [:]
    private var macPlaces: [UInt64: UInt32] = [:]
    /// Of the lines before, which often have the same.
    private var lastPort: UInt32?
    private var lastMACs: (source: UInt32, destination: UInt32) = (ColumnContent.noText, ColumnContent.noText)

    /// Of the window whose lines are coming: `WindowIdentity.sequence`.
    package var sequence: Int64 = 0

    package init() {}

    package var count: Int { rows.count }

    /// Begins the next row group. Storage is kept.
    package mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        ports.removeAll(keepingCapacity: true)
        windows.removeAll(keepingCapacity: true)
        addresses.removeAll()
        rules.removeAll()
        reasons.removeAll()
        sourceNames.removeAll()
        destinationNames.removeAll()
        macs.removeAll(keepingCapacity: true)
        rest.removeAll(keepingCapacity: true)
        portPlaces.removeAll(keepingCapacity: true)
        macPlaces.removeAll(keepingCapacity: true)
        lastPort = nil
        lastMACs = (ColumnContent.noText, ColumnContent.noText)
    }

    /// The first rows alone.
    package func first(_ count: Int) -> FlowRows {
        var part = self
        part.rows = Array(rows.prefix(count))
        return part
    }

    /// Forgets the first rows.
    package mutating func removeFirst(_ count: Int) {
        if count == rows.count { removeAll() } else { rows.removeFirst(count) }
    }

    /// Forgets all but the first rows.
    package mutating func keep(_ count: Int) {
        if count == 0 { removeAll() } else { rows.removeSubrange(count...) }
    }

    package mutating func append(_ entry: LogEntry) {
        switch entry {
        case .flow(let record): append(record)
        case .noData(let port, let window): rows.append(row(of: port, window, .noData))
        case .skipData(let port, let window, let overflow):
            var row = row(of: port, window, .skipData)
            row.rest = add(Rest(overflow: overflow))
            rows.append(row)
        case .unparsed(let port, let window, let frames): append(frames, of: port, window)
        }
    }

    package mutating func append(_ record: borrowing FlowRecord) {
        let key = record.key
        var row = Row(
            start: record.first.seconds, end: record.last.seconds, port: place(of: record.port),
            window: place(of: record.window), words: Words(of: record))
        row.packets = Int64(clamping: record.count.packets)
        row.octets = Int64(clamping: record.count.octets)
        row.first = record.first.milliseconds
        row.last = record.last.milliseconds
        row.source = addresses.place(of: key.source)
        row.destination = addresses.place(of: key.destination)
        (row.interfaceSource, row.interfaceDestination) = (row.source, row.destination)
        if let address = record.sourceMAC {
            lastMACs.source = place(of: address)
            row.sourceMAC = lastMACs.source
        }
        if let address = record.destinationMAC {
            lastMACs.destination = place(of: address)
            row.destinationMAC = lastMACs.destination
        }
        set(record.verdict, in: &row)
        if let name = record.sourceName { row.sourceName = sourceNames.place(of: name, name.text) }
        if let name = record.destinationName { row.destinationName = destinationNames.place(of: name, name.text) }
        if record.attribution != nil || record.observedAt != nil { appendRest(of: record, to: &row) }
        rows.append(row)
    }

    private mutating func appendRest(of record: borrowing FlowRecord, to row: inout Row) {
        row.rest = add(Rest(attribution: record.attribution, observedAt: record.observedAt?.name))
        if let source = record.attribution?.interfaceSource { row.interfaceSource = addresses.place(of: source) }
        if let destination = record.attribution?.interfaceDestination {
            row.interfaceDestination = addresses.place(of: destination)
        }
    }

    private mutating func append(_ frames: UnparsedFrames, of port: Port, _ window: Window) {
        var row = row(of: port, window, .ok)
        row.packets = Int64(clamping: frames.count.packets)
        row.octets = Int64(clamping: frames.count.octets)
        row.words.direction = frames.direction == .egress ? 1 : 0
        set(frames.verdict, in: &row)
        row.rest = add(Rest(unparsed: frames.reason, sample: frames.sample))
        rows.append(row)
    }

    private mutating func row(of port: Port, _ window: Window, _ status: LogStatus) -> Row {
        Row(
            start: window.start.seconds, end: window.endSecond, port: place(of: port), window: place(of: window),
            words: Words(status: status))
    }

    private mutating func set(_ verdict: Verdict, in row: inout Row) {
        if verdict.action != .unknown { row.words.action = verdict.action.rawValue }
        if verdict.action == .mixed { row.words.marks.insert(.mixedVerdicts) }
        row.words.verdictSource = verdict.source?.rawValue ?? Words.none
        if let rule = verdict.rule { row.rule = rules.place(of: rule, rule.text) }
        if let reason = verdict.reason { row.reason = reasons.place(of: reason, reason.text) }
    }

    private mutating func add(_ some: Rest) -> UInt32 {
        rest.append(some)
        return UInt32(rest.count) - 1
    }

    private mutating func place(of port: Port) -> UInt32 {
        if let lastPort, ports[Int(lastPort)] === port { return lastPort }
        if let place = portPlaces[port.number], ports[Int(place)] === port {
            lastPort = place
            return place
        }
        ports.append(port)
        let place = UInt32(ports.count) - 1
        (portPlaces[port.number], lastPort) = (place, place)
        return place
    }

    /// Nearly always the same one.
    private mutating func place(of window: Window) -> UInt32 {
        if let last = windows.last, last == window { return UInt32(windows.count) - 1 }
        windows.append(window)
        return UInt32(windows.count) - 1
    }

    /// Nearly always one of the two that the line before has: those of a machine and of its gateway, one way or the other.
    private mutating func place(of address: MACAddress) -> UInt32 {
        if isMAC(lastMACs.source, address) { return lastMACs.source }
        if isMAC(lastMACs.destination, address) { return lastMACs.destination }
        if let known = macPlaces[address.bits] { return known }
        macs.append(address)
        macPlaces[address.bits] = UInt32(macs.count) - 1
        return UInt32(macs.count) - 1
    }

    private func isMAC(_ place: UInt32, _ address: MACAddress) -> Bool {
        place != ColumnContent.noText && macs[Int(place)] == address
    }
}

extension FlowRows.Words {
    fileprivate init(of record: borrowing FlowRecord) {
        let key = record.key
        self.init(status: .ok)
        marks = .flow
        sourcePort = key.sourcePort
        destinationPort = key.destinationPort
        vlanID = key.vlanID
        if vlanID != 0 { marks.insert(.vlan) }
        innerVLANID = key.innerVLANID
        if innerVLANID != 0 { marks.insert(.innerVLAN) }
        transport = key.transport
        if key.isICMP { marks.insert(.icmp) }
        if key.version == .v6 { marks.insert(.v6) }
        if key.isFragmentWithoutFlow { marks.insert(.fragmentWithoutFlow) }
        direction = key.direction == .egress ? 1 : 0
        controlBits = record.tcpControlBits
        tcpFlags = record.tcpFlags
        if record.hidesTCPFlags { marks.insert(.hiddenTCPFlags) }
        dscp = record.dscp ?? Self.none
    }
}

/// Different texts of which each row refers to an object: one look-up for each object, not for each row.
struct TextPlaces {
    private var objects: [ObjectIdentifier: UInt32] = [:]
    /// The first ones of `objects`, among which a search takes less than a hash.
    private var few: [(object: ObjectIdentifier, place: UInt32)] = []
    private static let mostOfFew = 8
    private var known: [String: UInt32] = [:]
    /// So that none is freed, and its address given to another one.
    private var kept: [AnyObject] = []
    private(set) var texts = TextDictionary()

    mutating func place(of object: AnyObject, _ text: @autoclosure () -> String) -> UInt32 {
        let identifier = ObjectIdentifier(object)
        for known in few where known.object == identifier { return known.place }
        if let place = objects[identifier] { return place }
        let text = text()
        let place = known[text] ?? texts.add(text.utf8)
        known[text] = place
        kept.append(object)
        objects[identifier] = place
        if few.count < Self.mostOfFew { few.append((identifier, place)) }
        return place
    }

    mutating func removeAll() { self = TextPlaces() }
}
