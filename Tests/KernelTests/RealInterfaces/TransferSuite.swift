// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import FlowTestKit
import Testing

extension RealInterfaces {
    /// Bulk transfers, cut into segments by the machine or, with segmentation offload, only behind the measured port.
    @Suite struct TransferSuite {
        private let path: SwitchedPath

        init() throws {
            path = try SwitchedPath()
        }

        /// Timestamps are on: 1500 less 20 or 40 of IP, less 32 of TCP.
        private static func segmentSize(_ version: IPVersion) -> Int { version == .v4 ? 1448 : 1428 }
        private static let segments = 5800

        /// The same bytes are the same packets, whoever cuts them: 5800 and what the witness saw sent again.
        @Test(arguments: [IPVersion.v4, .v6], [true, false])
        func transfersFromTheGuestAreTheSamePacketsWithAndWithoutOffload(
            _ version: IPVersion, isOffloaded: Bool
        ) throws {
            try path.setOffloads([.segmentation: isOffloaded])
            let measured = try MeasuredPath(path, .tc)
            try transfer(version, from: path.guest, SwitchedPath.peerAddresses, to: path.peer)
            let outcome = try measured.finish()
            try check(outcome.egress, version, from: SwitchedPath.guestAddresses)
            try checkFrames(on: "port0", outcome.egress, areSuperFrames: isOffloaded)
        }

        @Test(arguments: [IPVersion.v4, .v6], [true, false])
        func transfersToTheGuestAreTheSamePacketsWithAndWithoutOffload(
            _ version: IPVersion, isOffloaded: Bool
        ) throws {
            try path.setOffloads([.segmentation: isOffloaded])
            let measured = try MeasuredPath(path, .tc)
            try transfer(version, from: path.peer, SwitchedPath.guestAddresses, to: path.guest)
            let outcome = try measured.finish()
            try check(outcome.ingress, version, from: SwitchedPath.peerAddresses)
            try checkFrames(on: "uplink0", outcome.ingress, areSuperFrames: isOffloaded)
        }

        /// A veth with native XDP tells its peer not to send super-frames; generic XDP would see each as one packet.
        @Test(arguments: [Way.xdpNative, .xdpGeneric], [IPVersion.v4, .v6])
        func xdpCountsTransfersThatTheGuestCuts(_ way: Way, _ version: IPVersion) throws {
            if way == .xdpGeneric { try path.disableOffloads() }
            let measured = try MeasuredPath(path, way)
            try transfer(version, from: path.guest, SwitchedPath.peerAddresses, to: path.peer)
            let outcome = try measured.finish()
            try check(outcome.egress, version, from: SwitchedPath.guestAddresses)
        }

        /// UDP_SEGMENT: ten datagrams of 1200 bytes and one of 100 leave the guest as one frame.
        @Test func segmentedDatagramsAreCountedAsTheyArrive() throws {
            let measured = try MeasuredPath(path, .tc)
            for address in SwitchedPath.peerAddresses.both {
                try Traffic.sendSegmented(12_100, by: 1200, from: path.guest, to: address, in: path.peer)
            }
            let outcome = try measured.finish()
            let guest = SwitchedPath.guestAddresses
            let v4 = outcome.egress.count(TransportNumber.udp, from: guest.v4)
            let v6 = outcome.egress.count(TransportNumber.udp, from: guest.v6)
            #expect(v4 == PacketCount(packets: 11, octets: 12_100 + 11 * 28))
            #expect(v6 == PacketCount(packets: 11, octets: 12_100 + 11 * 48))
            try checkFrames(on: "port0", outcome.egress, areSuperFrames: true)
        }

        private func transfer(
            _ version: IPVersion, from client: NetworkNamespace, _ addresses: SwitchedPath.Addresses,
            to server: NetworkNamespace
        ) throws {
            let bytes = Self.segments * Self.segmentSize(version)
            try Traffic.transfer(bytes, from: client, to: version == .v4 ? addresses.v4 : addresses.v6, in: server)
        }

        /// The sender's arithmetic; that the flows are what the witness saw, the measured path has checked.
        private func check(
            _ side: MeasuredPath.Side, _ version: IPVersion, from sender: SwitchedPath.Addresses
        ) throws {
            let stream = TCPData(side.frames, version, fullPayload: Self.segmentSize(version))
            #expect(stream.length == Self.segments * Self.segmentSize(version))
            // Where all are full and none is sent again, as it mostly is, there are 5800.
            #expect(0...stream.irregularSegments ~= stream.segments - Self.segments)

            let flow = side.count(TransportNumber.tcp, from: version == .v4 ? sender.v4 : sender.v6)
            let packets = stream.segments + stream.bareFrames
            let headers = version == .v4 ? 52 : 72
            // SYN carries eight bytes more of options.
            let octets = stream.payload + packets * headers + 8
            #expect(flow == PacketCount(packets: UInt64(packets), octets: UInt64(octets)))
        }

        /// The interface's own statistics, which count a super-frame as one packet.
        private func checkFrames(on interface: String, _ side: MeasuredPath.Side, areSuperFrames: Bool) throws {
            let words = try path.host.ip("-s link show \(interface)").split { $0 == " " || $0 == "\n" }
            let label = try #require(words.firstIndex(of: "RX:"))
            // "RX: bytes packets errors dropped missed mcast", then the numbers.
            let frames = try #require(UInt64(words[label + 8]))
            if areSuperFrames {
                #expect(frames < side.totals.seen.packets)
            } else {
                #expect(frames == side.totals.seen.packets)
            }
        }
    }
}

/// What the TCP frames of one direction say of its one connection. Frames have no tag, packets no options of IP.
private struct TCPData {
    private(set) var segments = 0
    /// Bytes of data, those that were sent again once more.
    private(set) var payload = 0
    /// Segments that are not full, or were sent before.
    private(set) var irregularSegments = 0
    /// TCP frames without data.
    private(set) var bareFrames = 0
    /// From the first byte of data to the last, as the sequence numbers have it.
    private(set) var length = 0
    private var start: UInt32?
    private var seen: Set<UInt32> = []

    init(_ frames: [[UInt8]], _ version: IPVersion, fullPayload: Int) {
        let transport = version == .v4 ? 34 : 54
        for frame in frames
        where frame.count >= transport + 20 && frame[version == .v4 ? 23 : 20] == TransportNumber.tcp {
            let data = frame.count - transport - Int(frame[transport + 12] >> 4) * 4
            let sequence = frame[transport + 4..<transport + 8].reduce(0) { $0 << 8 | UInt32($1) }
            if data == 0 { bareFrames += 1 } else { take(sequence, data, isFull: data == fullPayload) }
        }
    }

    private mutating func take(_ sequence: UInt32, _ data: Int, isFull: Bool) {
        segments += 1
        payload += data
        let isNew = seen.insert(sequence).inserted
        if !isFull || !isNew { irregularSegments += 1 }
        let first = start ?? sequence
        start = first
        length = max(length, Int(sequence &- first) + data)
    }
}
