// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowTestKit
import Testing

extension RealInterfaces {
    /// Traffic of known sizes through a bridge. `MeasuredPath.finish` compares every flow with what tcpdump saw at the far
    /// end; the tests add the sender's arithmetic.
    @Suite struct ExactnessSuite {
        private let path: SwitchedPath
        private let guest = SwitchedPath.guestAddresses
        private let peer = SwitchedPath.peerAddresses

        init() throws {
            path = try SwitchedPath()
        }

        @Test(arguments: Way.allCases)
        func datagramsOfKnownSizesAreCountedExactly(_ way: Way) throws {
            let measured = try MeasuredPath(path, way)
            let sizes = [0, 1, 17, 18, 19, 512, 1452]
            for address in peer.both { try Traffic.echo(sizes, from: path.guest, to: address, in: path.peer) }
            for address in guest.both { try Traffic.echo(sizes, from: path.peer, to: address, in: path.guest) }
            let outcome = try measured.finish()

            let packets = UInt64(2 * sizes.count)
            let octets = UInt64(2 * sizes.reduce(0, +))
            for (side, source) in [(outcome.egress, guest), (outcome.ingress, peer)] {
                let v4 = PacketCount(packets: packets, octets: octets + packets * 28)
                let v6 = PacketCount(packets: packets, octets: octets + packets * 48)
                #expect(side.count(TransportNumber.udp, from: source.v4) == v4)
                #expect(side.count(TransportNumber.udp, from: source.v6) == v6)
                #expect(side.totals.ip == v4 + v6)
                #expect(side.flows.count == 4)
            }
        }

        @Test(arguments: Way.allCases)
        func fourDefaultPingsAre336OctetsEachWay(_ way: Way) throws {
            let measured = try MeasuredPath(path, way)
            for address in peer.both { try Traffic.ping(address, from: path.guest) }
            let outcome = try measured.finish()

            for (side, source) in [(outcome.egress, guest), (outcome.ingress, peer)] {
                #expect(side.count(TransportNumber.icmp, from: source.v4) == PacketCount(packets: 4, octets: 336))
                #expect(side.count(TransportNumber.icmpv6, from: source.v6) == PacketCount(packets: 4, octets: 416))
                #expect(side.flows.count == 2)
            }
        }

        /// 4008 bytes with their header are three fragments, of at most 1480 bytes (RFC 791) or 1448 (RFC 8200 §4.5).
        @Test(arguments: Way.allCases)
        func fragmentsAreCountedWithTheirFlow(_ way: Way) throws {
            let measured = try MeasuredPath(path, way)
            for address in peer.both {
                try Traffic.ping(address, size: 4000, from: path.guest)
                try Traffic.echo([4000, 4000], from: path.guest, to: address, in: path.peer)
            }
            let outcome = try measured.finish()

            for (side, source) in [(outcome.egress, guest), (outcome.ingress, peer)] {
                let v4 = PacketCount(packets: 3, octets: 4008 + 3 * 20)
                let v6 = PacketCount(packets: 3, octets: 4008 + 3 * 48)
                #expect(side.count(TransportNumber.icmp, from: source.v4) == v4 + v4 + v4 + v4)
                #expect(side.count(TransportNumber.icmpv6, from: source.v6) == v6 + v6 + v6 + v6)
                #expect(side.count(TransportNumber.udp, from: source.v4) == v4 + v4)
                #expect(side.count(TransportNumber.udp, from: source.v6) == v6 + v6)
                #expect(side.totals.fragmentWithoutFlow == .zero)
                #expect(side.flows.count == 4, "no flow without ports: \(side.flows.keys)")
            }
        }

        /// Tags in the data, as a machine sends them; before TC ingress the kernel takes the outermost one out.
        @Test(arguments: Way.allCases)
        func framesWithTagsAreCountedByTheirVLANs(_ way: Way) throws {
            let measured = try MeasuredPath(path, way)
            for end in [path.guest, path.peer] {
                let injector = try FrameInjector(on: "eth0", in: end)
                for frame in FrameTable.tags { try injector.send(frame.bytes) }
            }
            let outcome = try measured.finish()

            var sent = ReferenceMeter()
            for frame in FrameTable.tags { sent.see(frame.bytes) }
            for side in [outcome.egress, outcome.ingress] {
                #expect(side.flows.mapValues(ReferenceMeter.Tally.init) == sent.flows)
                #expect(side.totals.ip == sent.totals.ip)
                #expect(side.totals.malformed == sent.totals.malformed)
            }
            #expect(Set(sent.flows.keys.map(\.vlanID)) == [0, 100, 4095, 200, 300])
            #expect(Set(sent.flows.keys.map(\.innerVLANID)) == [0, 100, 301])
        }
    }
}
