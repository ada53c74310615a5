// SPDX-License-Identifier: Apache-2.0

import FlowModel
import PortDirectory
import Testing

@Suite struct NameTableTests {
    private static func port(
        _ number: UInt16, vpc: String?, name: String? = nil, instance: String? = nil, _ addresses: String...
    ) -> Port {
        Port(
            number: PortNumber(number), name: "tap\(number)", role: .guest,
            identity: PortIdentity(vpcID: vpc, instanceID: instance, instanceName: name),
            addresses: addresses.compactMap { IPAddress($0) })
    }

    private static func network(_ prefix: String, _ name: String) -> NamedNetwork {
        NamedNetwork(prefix: AddressPrefix(prefix)!, name: name)
    }

    private static let table = NameTable(
        [
            port(1, vpc: "a", name: "web 1", instance: "i-1", "10.0.0.1", "fd00::1"),
            port(2, vpc: "b", name: "web 2", "10.0.0.1"),
            port(3, vpc: "a", instance: "i-3", "10.0.0.3", "10.0.0.9"),
            port(4, vpc: "a", name: "db", "10.0.0.4", "10.0.0.9"),
            port(5, vpc: "a", name: "db", "10.0.0.4"),
            port(6, vpc: nil, name: "old", "10.0.0.6"),
            port(7, vpc: "a", "10.0.0.7"),
        ],
        [
            network("10.0.0.0/8", "office"), network("10.0.0.0/24", "lab"), network("10.0.0.200", "printer"),
            network("fd00::/16", "six"), network("10.0.0.0/8", "never"),
        ])

    @Test(
        arguments: [
            // Two networks have the same address.
            ("10.0.0.1", "a", "web 1"), ("10.0.0.1", "b", "web 2"), ("10.0.0.1", nil, nil), ("10.0.0.1", "c", "lab"),
            ("fd00::1", "a", "web 1"), ("fd00::1", nil, "web 1"), ("fd00::2", "a", "six"), ("fd00::1", "b", "six"),
            // Two machines have the same address, or one machine has two ports.
            ("10.0.0.9", "a", nil), ("10.0.0.3", "a", "i-3"), ("10.0.0.4", "a", "db"),
            // The network of a machine or of a port is not known.
            ("10.0.0.6", "a", "old"), ("10.0.0.6", nil, "old"), ("10.0.0.3", nil, "i-3"),
            // The longest prefix.
            ("10.0.0.200", "a", "printer"), ("10.0.0.7", "a", "lab"), ("10.1.2.3", "a", "office"),
            ("192.0.2.1", "a", nil), ("::1", nil, nil),
        ] as [(String, String?, String?)])
    func `an address has the name of its machine, else of its network`(address: String, vpc: String?, name: String?) {
        #expect(Self.table.name(of: IPAddress(address)!, seenFrom: vpc)?.text == name)
    }

    @Test func `records have the names that the table has, whatever came before`() throws {
        var names = try #require(RecordNames(Self.table))
        let ports = [
            Self.port(11, vpc: "a"), Self.port(12, vpc: "b"), Self.port(13, vpc: nil), Self.port(14, vpc: "a"),
        ]
        let window = Window(number: 1, start: UnixTime(seconds: 0), end: UnixTime(seconds: 60))
        for _ in 0..<2 {
            for port in ports {
                for number in 0..<700 as Range<UInt32> {
                    let source = IPAddress(v4: 0x0A00_0000 + number)
                    let destination =
                        number.isMultiple(of: 2) ? IPAddress(v6High: 0xFD00 << 48, low: UInt64(number)) : source
                    let key = FlowKey(
                        port: port.number, direction: .egress, transport: 6, source: source, destination: destination)
                    var record = FlowRecord(
                        port: port, window: window, key: key, count: .zero, first: window.start, last: window.start)
                    record.sourceName = EndName("of the record before")
                    names.name(&record)
                    #expect(record.sourceName == Self.table.name(of: source, seenFrom: port.identity.vpcID))
                    #expect(record.destinationName == Self.table.name(of: destination, seenFrom: port.identity.vpcID))
                }
            }
        }
    }

    @Test func `nothing is looked up where nothing has a name`() {
        #expect(RecordNames(NameTable([Self.port(1, vpc: nil, "10.0.0.1")], [])) == nil)
        #expect(NameTable([Port](), []).isEmpty && !NameTable([Port](), [Self.network("::/0", "all")]).isEmpty)
    }
}
