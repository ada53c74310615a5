// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Testing

@Suite("Frame tables, read by tshark and by the reference parser")
struct FrameTableTests {
    private struct Reading {
        let name: String
        let expected: Expected
        let dissection: Dissection
    }

    private static func readings(of table: [FrameCase]) throws -> [Reading] {
        let dissections = try Dissection.of(table.map(\.bytes))
        try #require(dissections.count == table.count)
        return zip(table, dissections).map { frame, dissection in
            Reading(name: frame.name, expected: ReferenceParser.classify(frame.bytes), dissection: dissection)
        }
    }

    /// Dissected once for all tests.
    private static let readings = Result { try readings(of: FrameTable.all) }

    private func flows() throws -> [(reading: Reading, flow: FlowIdentity)] {
        let flows = try Self.readings.get().compactMap { reading in reading.expected.flow.map { (reading, $0) } }
        #expect(flows.count > 1000)
        return flows
    }

    @Test func names_are_unique() {
        let names = Dictionary(grouping: FrameTable.all, by: \.name).filter { $1.count > 1 }
        #expect(names.keys.sorted() == [])
    }

    @Test func addresses_are_those_that_tshark_reads() throws {
        for (reading, flow) in try flows() {
            let addresses = try #require(reading.dissection.addresses, "\(reading.name)")
            #expect(addresses.source == flow.source, "\(reading.name)")
            #expect(addresses.destination == flow.destination, "\(reading.name)")
            #expect(reading.dissection.text("eth.src") == "\(reading.expected.sourceMAC)", "\(reading.name)")
            #expect(reading.dissection.text("eth.dst") == "\(reading.expected.destinationMAC)", "\(reading.name)")
        }
    }

    @Test func octets_and_service_classes_are_those_that_tshark_reads() throws {
        for (reading, flow) in try flows() {
            #expect(reading.dissection.octets.map(UInt64.init) == reading.expected.count.octets, "\(reading.name)")
            let field = flow.version == .v4 ? "ip.dsfield.dscp" : "ipv6.tclass.dscp"
            #expect(reading.dissection.number(field) == Int(reading.expected.dscp), "\(reading.name)")
        }
    }

    @Test func ports_types_and_codes_are_those_that_tshark_reads() throws {
        for (reading, flow) in try flows() where !Self.isForeign(flow) {
            let ports = reading.dissection.ports(of: flow.transport)
            // tshark reads no SCTP header of less than twelve bytes; a flow has the ports of eight.
            guard ports != [nil, nil] || Self.hasShortSCTP(reading) else {
                #expect([flow.sourcePort, flow.destinationPort] == [0, 0], "\(reading.name)")
                continue
            }
            if Self.hasShortSCTP(reading) { continue }
            #expect(ports == [Int(flow.sourcePort), Int(flow.destinationPort)], "\(reading.name)")
        }
    }

    /// The other version's ICMP: tshark reads it as if it were at home, RFC 4443 and 792 do not know it.
    private static func isForeign(_ flow: FlowIdentity) -> Bool {
        flow.transport == TransportNumber.icmp && flow.version == .v6
            || flow.transport == TransportNumber.icmpv6 && flow.version == .v4
    }

    private static func hasShortSCTP(_ reading: Reading) -> Bool {
        reading.name.contains("first fragment with 8 bytes of protocol 132")
    }

    @Test func tcp_control_bits_are_those_that_tshark_reads() throws {
        // tshark reads none from a first fragment that ends inside the header.
        let isShort = { (name: String) in name.contains("first fragment with") }
        for (reading, flow) in try flows() where flow.transport == TransportNumber.tcp && !isShort(reading.name) {
            let bits = reading.dissection.number("tcp.flags") ?? 0
            #expect(bits == Int(reading.expected.tcpControlBits), "\(reading.name)")
        }
    }

    @Test func vlan_ids_are_those_that_tshark_reads() throws {
        for (reading, flow) in try flows() {
            let tags = reading.dissection.protocols.filter { ["vlan", "ieee8021ad"].contains($0) }
            var customer = reading.dissection.numbers("vlan.id")[...]
            var service = reading.dissection.numbers("ieee8021ad.id")[...]
            let ids = tags.compactMap { $0 == "vlan" ? customer.popFirst() : service.popFirst() }
            #expect(ids.count == tags.count, "\(reading.name)")
            #expect(
                [flow.vlanID, flow.innerVLANID].map(Int.init) == Array((ids + [0, 0]).prefix(2)), "\(reading.name)")
        }
    }

    @Test func fragments_are_those_that_tshark_reads() throws {
        for (reading, flow) in try flows()
        where !reading.name.contains("first fragment of a first")
            && !reading.name.contains("inside a first") && !reading.name.contains("around a first")
            && !reading.name.contains("atomic fragment, atomic fragment")
        {
            let isV4 = flow.version == .v4
            let offset = reading.dissection.number(isV4 ? "ip.frag_offset" : "ipv6.fraghdr.offset") ?? 0
            let more = ["1", "True"].contains(reading.dissection.text(isV4 ? "ip.flags.mf" : "ipv6.fraghdr.more"))
            let id = UInt32(reading.dissection.number(isV4 ? "ip.id" : "ipv6.fraghdr.ident") ?? 0)
            let state: FragmentState = offset > 0 ? .later(id: id) : more ? .first(id: id) : .none
            #expect(reading.expected.fragment == state, "\(reading.name)")
        }
    }

    @Test func what_has_no_flow_tshark_finds_at_fault_or_not_ip() throws {
        let flowless = try Self.readings.get().filter { $0.expected.flow == nil }
        for reading in flowless where reading.expected.kind == .notIP {
            let outer = reading.dissection.protocols.first {
                ["ip", "ipv6", "mpls", "pppoes", "llc", "vlan"].contains($0)
            }
            #expect(outer != "ip" && outer != "ipv6", "\(reading.name)")
        }
        #expect(Set(flowless.map(\.expected.kind)) == [.notIP, .malformed, .truncated, .beyondLimits])
    }

    @Test func `more headers than are read are those that tshark counts`() throws {
        let beyond = try Self.readings.get().filter { $0.expected.kind == .beyondLimits }
        #expect(beyond.count > 10)
        for reading in beyond {
            let headers = reading.dissection.protocols.filter { Self.bounded.contains($0) }
            let tags = headers.filter { ["vlan", "ieee8021ad"].contains($0) }
            #expect(tags.count > 3 || headers.count - tags.count > 8, "\(reading.name): \(headers)")
        }
    }

    /// Tags and extension headers as tshark calls them.
    private static let bounded: Set<Substring> = [
        "vlan", "ieee8021ad", "ipv6.hopopts", "ipv6.routing", "ipv6.dstopts", "ipv6.fraghdr", "ah",
    ]

    /// A stack would take them: what the builder fills in by itself is right.
    @Test func checksums_and_lengths_of_whole_packets_are_good() throws {
        let whole = FrameTable.transports + FrameTable.tags + FrameTable.options + FrameTable.padded
        let good = 1
        var checked = 0
        for reading in try Self.readings(of: whole) where reading.expected.kind == .ip {
            guard !reading.name.contains("padding where") else { continue }
            let foreign = try Self.isForeign(#require(reading.expected.flow))
            for layer in ["ip", "tcp", "udp", "sctp"] + (foreign ? [] : ["icmp", "icmpv6"]) {
                let statuses = reading.dissection.numbers("\(layer).checksum.status")
                #expect(statuses.allSatisfy { $0 == good }, "\(reading.name): \(layer)")
                checked += statuses.count
            }
        }
        #expect(checked > 400)
    }
}
