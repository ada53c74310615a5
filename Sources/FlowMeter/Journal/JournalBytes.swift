// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Values one after the other, written and read: what is rare in a segment.
struct JournalBytes {
    struct Truncated: Error {}

    private var bytes: [UInt8] = []
    private var place = 0

    init() {}

    init(_ words: [UInt64]) {
        bytes.reserveCapacity(words.count * 8)
        for word in words { append(word) }
    }

    /// The bytes, filled up with zeros to whole words.
    var words: [UInt64] {
        var reader = self
        reader.bytes += Array(repeating: 0, count: (8 - bytes.count % 8) % 8)
        return (0..<reader.bytes.count / 8).map { _ in (try? reader.read()) ?? 0 }
    }

    /// Lowest byte first.
    mutating func append(_ value: some FixedWidthInteger) {
        var value = value
        for _ in 0..<value.bitWidth / 8 {
            bytes.append(UInt8(truncatingIfNeeded: value))
            value >>= 8
        }
    }

    mutating func read<Value: FixedWidthInteger>(as type: Value.Type = Value.self) throws(Truncated) -> Value {
        let size = Value.bitWidth / 8
        guard bytes.count - place >= size else { throw Truncated() }
        var value: Value = 0
        for index in 0..<size { value |= Value(truncatingIfNeeded: bytes[place + index]) << Value(8 * index) }
        place += size
        return value
    }
}

// MARK: Texts

extension JournalBytes {
    private static let noText: UInt16 = .max

    /// What is longer than 65,534 bytes is cut.
    mutating func append(_ text: String?) {
        guard let text else { return append(Self.noText) }
        let utf8 = text.utf8.prefix(Int(Self.noText) - 1)
        append(UInt16(utf8.count))
        bytes += utf8
    }

    mutating func readText() throws(Truncated) -> String? {
        let count: UInt16 = try read()
        if count == Self.noText { return nil }
        guard bytes.count - place >= Int(count) else { throw Truncated() }
        defer { place += Int(count) }
        return String(decoding: bytes[place..<place + Int(count)], as: UTF8.self)
    }
}

// MARK: Ports and totals

extension JournalBytes {
    mutating func append(_ port: Port) {
        append(port.number.rawValue)
        append(port.role.rawValue)
        append(port.name)
        for text in port.identity.texts { append(text) }
    }

    mutating func readPort() throws(Truncated) -> Port {
        let number = PortNumber(try read())
        let role = PortRole(rawValue: try read()) ?? .guest
        let name = try readText() ?? ""
        var texts: [String?] = []
        for _ in 0..<PortIdentity.textCount { texts.append(try readText()) }
        return Port(number: number, name: name, role: role, identity: PortIdentity(texts: texts))
    }

    /// After everything else: earlier versions wrote none, and stop reading before them.
    mutating func append(standInsOf ports: some Sequence<Port>) {
        let standIns = ports.compactMap { port in port.standIn.map { (port.number, $0) } }
        append(UInt32(standIns.count))
        for (number, standIn) in standIns {
            append(number.rawValue)
            append(standIn.bridge)
            append(standIn.address?.bits ?? 0)
        }
    }

    mutating func readStandIns() throws(Truncated) -> [(PortNumber, StandIn)] {
        var standIns: [(PortNumber, StandIn)] = []
        guard let count: UInt32 = try? read() else { return [] }
        for _ in 0..<count {
            let number = PortNumber(try read())
            let bridge = try readText() ?? ""
            let bits: UInt64 = try read()
            standIns.append((number, StandIn(bridge: bridge, address: bits == 0 ? nil : MACAddress(bits))))
        }
        return standIns
    }

    /// After the stand-ins, for the same reason; of ports that were measured throughout, nothing.
    mutating func append(coverageOf ports: some Sequence<Port>) {
        let ports = ports.filter { $0.coverage != .whole }
        append(UInt32(ports.count))
        for port in ports {
            append(port.number.rawValue)
            append(port.coverage.interruption)
        }
    }

    mutating func readCoverage() throws(Truncated) -> [(PortNumber, PortCoverage)] {
        var coverage: [(PortNumber, PortCoverage)] = []
        guard let count: UInt32 = try? read() else { return [] }
        for _ in 0..<count {
            let number = PortNumber(try read())
            let reason = try readText()
            coverage.append((number, reason.map { .interrupted($0) } ?? .part))
        }
        return coverage
    }

    /// After the coverage, for the same reason; of ports without names, nothing.
    mutating func append(namesOf ports: some Sequence<Port>) {
        let ports = ports.filter { port in port.identity.names.contains { $0 != nil } }
        append(UInt32(ports.count))
        for port in ports {
            append(port.number.rawValue)
            for name in port.identity.names { append(name) }
        }
    }

    mutating func readNames(into ports: inout [PortNumber: Port]) throws(Truncated) {
        guard let count: UInt32 = try? read() else { return }
        for _ in 0..<count {
            let number = PortNumber(try read())
            var identity = ports[number]?.identity ?? PortIdentity()
            identity.instanceName = try readText()
            identity.projectID = try readText()
            identity.projectName = try readText()
            ports[number] = ports[number]?.with(identity)
        }
    }

    /// After the names, for the same reason; of ports without addresses, nothing.
    mutating func append(addressesOf ports: some Sequence<Port>) {
        let ports = ports.filter { !$0.addresses.isEmpty }
        append(UInt32(ports.count))
        for port in ports {
            append(port.number.rawValue)
            append(UInt16(clamping: port.addresses.count))
            for address in port.addresses.prefix(Int(UInt16.max)) {
                append(address.version.rawValue)
                append(address.high)
                append(address.low)
            }
        }
    }

    mutating func readAddresses(into ports: inout [PortNumber: Port]) throws(Truncated) {
        guard let count: UInt32 = try? read() else { return }
        for _ in 0..<count {
            let number = PortNumber(try read())
            var addresses: [IPAddress] = []
            for _ in 0..<(try read() as UInt16) {
                let isV4 = try read(as: UInt8.self) == IPVersion.v4.rawValue
                let (high, low): (UInt64, UInt64) = (try read(), try read())
                addresses.append(
                    isV4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6High: high, low: low))
            }
            ports[number] = ports[number]?.with(addresses)
        }
    }

    mutating func append(_ side: PortSide, _ totals: PortTotals) {
        append(side.port.rawValue)
        append(side.direction.rawValue)
        for count in totals.counts {
            append(count.packets)
            append(count.octets)
        }
    }

    mutating func readTotals() throws(Truncated) -> (PortSide, PortTotals) {
        let port = PortNumber(try read())
        let direction = Direction(rawValue: try read()) ?? .ingress
        var counts: [PacketCount] = []
        for _ in 0..<PortTotals.countCount {
            let packets: UInt64 = try read()
            counts.append(PacketCount(packets: packets, octets: try read()))
        }
        return (PortSide(port: port, direction: direction), PortTotals(counts: counts))
    }
}

extension PortIdentity {
    fileprivate static let textCount = 9

    fileprivate var texts: [String?] {
        [
            accountID, interfaceID, vpcID, subnetID, instanceID, region, availabilityZoneID, sublocationType,
            sublocationID,
        ]
    }

    fileprivate init(texts: [String?]) {
        self.init(
            accountID: texts[0], interfaceID: texts[1], vpcID: texts[2], subnetID: texts[3], instanceID: texts[4],
            region: texts[5], availabilityZoneID: texts[6], sublocationType: texts[7], sublocationID: texts[8])
    }

    fileprivate var names: [String?] { [instanceName, projectID, projectName] }
}

extension PortTotals {
    fileprivate static let countCount = 7

    fileprivate var counts: [PacketCount] {
        [seen, ip, overflow, notIP, malformed, truncated, fragmentWithoutFlow]
    }

    fileprivate init(counts: [PacketCount]) {
        self.init()
        (seen, ip, overflow, notIP) = (counts[0], counts[1], counts[2], counts[3])
        (malformed, truncated, fragmentWithoutFlow) = (counts[4], counts[5], counts[6])
    }
}
