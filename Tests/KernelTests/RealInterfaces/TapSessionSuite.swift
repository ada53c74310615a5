// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import FlowTestKit
import TapService
import Testing

extension RealInterfaces {
    /// Copies of a port's frames, against what the port itself sent and received.
    @Suite struct TapSessionSuite {
        private let rig: TapRig

        init() throws { rig = try TapRig() }

        /// Every kind of frame that the parser knows, wrong ones too, from the machine and to it.
        @Test func everyFrameIsCopiedAsItWas() throws {
            try rig.path.disableOffloads()
            try rig.set([try rig.session(to: "mon0")])
            let (own, copies) = (
                try CaptureWitness(on: "port0", in: rig.path.host, longest: 9018), try rig.witness("eth0")
            )
            let frames = FrameTable.all.map(\.bytes).filter { 14...1514 ~= $0.count }
            try send(frames, from: rig.path.guest)
            try send(frames, from: rig.path.peer)
            let arrived = try own.frames().count
            #expect(arrived > frames.count)
            let seen = try rig.frames(copies, arrived)
            #expect(TapRig.counted(seen) == TapRig.counted(try own.stop()))
            try expectAllMirrored()
        }

        private func send(_ frames: [[UInt8]], from end: NetworkNamespace) throws {
            let injector = try FrameInjector(on: "eth0", in: end)
            for frame in frames { try injector.send(frame) }
        }

        /// What matched is what the port's own totals say, in wire packets and octets, and all of it was mirrored.
        private func expectAllMirrored(_ location: SourceLocation = #_sourceLocation) throws {
            let (counts, seen) = (try rig.counts(), try rig.seen)
            for (count, total) in [(counts.ingress, seen.ingress), (counts.egress, seen.egress)] {
                #expect(count.matched == total.seen && count.mirrored == total.seen, sourceLocation: location)
                #expect(count.obeysLaw, sourceLocation: location)
            }
        }

        /// Super-frames arrive as the packets that are on the wire.
        @Test(arguments: [true, false], [IPVersion.v4, .v6])
        func transfersArriveAsWirePackets(isOffloaded: Bool, _ version: IPVersion) throws {
            try rig.path.setOffloads([.segmentation: isOffloaded])
            try rig.set([try rig.session(to: "mon0")])
            let copies = try rig.witness("eth0")
            let ends = [
                try CaptureWitness(on: "eth0", in: rig.path.guest, direction: .received, longest: 2048),
                try CaptureWitness(on: "eth0", in: rig.path.peer, direction: .received, longest: 2048),
            ]
            let address = version == .v4 ? SwitchedPath.peerAddresses.v4 : SwitchedPath.peerAddresses.v6
            try Traffic.transfer(2_000_000, from: rig.path.guest, to: address, in: rig.path.peer)
            let sent = try ends.flatMap { try $0.stop() }
            let seen = try rig.frames(copies, sent.count)
            #expect(TapRig.counted(seen) == TapRig.counted(sent))
            try expectAllMirrored()
        }

        /// To another host, over IPv4 and IPv6: the outer packets carry the session's number, and inside is what was sent.
        @Test(arguments: [TapRig.there.0, TapRig.there.1])
        func tunnelsCarryWhatWasSent(_ address: String) throws {
            var tunnel = TapTunnel(to: try #require(IPAddress(address)), vni: 4711)
            tunnel.dscp = 8
            try rig.set([rig.session(.tunnel(tunnel))])
            let outer = try CaptureWitness(on: "eth0", in: rig.remote, direction: .received, longest: 9018)
            let ends = [
                try CaptureWitness(on: "eth0", in: rig.path.guest, direction: .received, longest: 2048),
                try CaptureWitness(on: "eth0", in: rig.path.peer, direction: .received, longest: 2048),
            ]
            try Traffic.ping(SwitchedPath.peerAddresses.v4, from: rig.path.guest)
            try Traffic.transfer(200_000, from: rig.path.guest, to: SwitchedPath.peerAddresses.v6, in: rig.path.peer)
            let sent = try ends.flatMap { try $0.stop() }
            try waitUntil("the tunnel has brought all") {
                try outer.frames().compactMap { TunnelledFrame($0) }.count >= sent.count
            }
            let tunnelled = try outer.stop().compactMap { TunnelledFrame($0) }
            #expect(TapRig.counted(tunnelled.map(\.inner)) == TapRig.counted(sent))
            #expect(tunnelled.allSatisfy { $0.vni == 4711 && $0.typeOfService == 32 })
            try expectAllMirrored()
        }

        /// Two hosts with Weir: what one sends arrives at an interface of the other, what strangers send nowhere.
        @Test func copiesArriveAtTheInterfaceThatIsTheirs() throws {
            let there = try TemporaryInstallation()
            let far = try NetworkNamespace("far")
            try rig.remote.addPair("tap9", to: far, "eth0", mtu: 9000)
            try rig.remote.disableOffloads(on: "tap9")
            let destination = try there.attach("tap9", in: rig.remote, AttachOptions(hook: .tc))
            var plan = TapPlan()
            let sender = try #require(IPAddress(TapRig.here.1))
            plan.arrivals = [
                TapArrival(from: sender, vni: 77, to: UInt32(try rig.remote.index(of: "tap9")))
            ]
            plan.carriers = [destination.number]
            try rig.remote.inside { try there.installation.setTaps(plan) }
            defer { try? rig.remote.inside { try there.installation.setTaps(TapPlan()) } }
            let witness = try CaptureWitness(on: "eth0", in: far, direction: .received, longest: 9018)
            try rig.path.disableOffloads()
            let address = try #require(IPAddress(TapRig.there.1))
            let frames = (0..<50).map { number in
                Frame(.ethernet(), .ipv4(), .udp(from: 4000 + number, to: 4001), .payload(200)).bytes
            }
            for vni in [77, 78] as [UInt32] {
                try rig.set([rig.session(.tunnel(TapTunnel(to: address, vni: vni)), ingress: [])])
                try send(frames, from: rig.path.guest)
            }
            #expect(try rig.frames(witness, 50) == frames)
            let arrived = try there.installation.arrivedCopies()
            #expect(arrived.arrivals.values.map(\.packets) == [50] && arrived.strangers == 50)
            #expect(try there.installation.carriedCopies(by: destination.number).packets == 50)
            #expect(try #require(try there.installation.tables.lifetimeTotals(of: destination)).both.seen.isZero)
        }

        /// The first session that wants a packet takes it, and no other; a session without rules of a direction takes nothing of it.
        @Test func eachPacketIsTakenOnce() throws {
            var pings = TapRule(10, .accept)
            pings.transport = 1
            var notSecond = TapRule(1, .reject)
            notSecond.transport = 17
            let first = try rig.session(to: "mon0", ingress: [], egress: [pings])
            let second = try rig.session(to: "mon1", egress: [notSecond, TapRule(2, .accept)])
            try rig.set([first, second])
            let (one, other) = (try rig.witness("eth0"), try rig.witness("eth1"))
            try Traffic.ping(SwitchedPath.peerAddresses.v4, count: 5, from: rig.path.guest)
            try Traffic.ping(SwitchedPath.peerAddresses.v6, count: 3, from: rig.path.guest)
            try Traffic.echo([100, 200], from: rig.path.guest, to: SwitchedPath.peerAddresses.v4, in: rig.path.peer)
            // Requests over IPv4; replies to them, both of IPv6, echoed datagrams: not those that were sent.
            #expect(try rig.frames(one, 5).count == 5)
            #expect(try rig.frames(other, 5 + 6 + 2).count == 13)
            #expect(try rig.counts(of: 0).egress.mirrored.packets == 5)
            #expect(try rig.counts(of: 1).egress.mirrored.packets == 3)
            #expect(try rig.counts(of: 1).ingress.mirrored.packets == 10)
        }

        /// A change is in force for each frame after it, of flows that are under way too, back and forth.
        @Test func changesHoldForTheNextFrame() throws {
            let injector = try FrameInjector(on: "eth0", in: rig.path.guest)
            let frame = Frame(.ethernet(), .ipv4(), .udp(from: 4000, to: 4001), .payload(30)).bytes
            var datagrams = TapRule(1, .accept)
            datagrams.destinationPorts = 4001...4001
            var others = datagrams
            others.destinationPorts = 4002...4010
            var expected: UInt64 = 0
            for round in 0..<40 {
                let isWanted = round % 3 != 1
                try rig.set([try rig.session(to: "mon0", ingress: [], egress: [isWanted ? datagrams : others])])
                for _ in 0...round { try injector.send(frame) }
                if isWanted { expected += UInt64(round) + 1 }
                #expect(try rig.counts().egress.mirrored.packets == expected, "round \(round)")
            }
        }
    }
}

/// A frame in a VXLAN packet (RFC 7348) over UDP; nil where a frame is none.
private struct TunnelledFrame {
    let vni: UInt32
    let typeOfService: UInt8
    let inner: [UInt8]

    init?(_ frame: [UInt8]) {
        let isIPv6 = frame.count > 14 && frame[12] == 0x86
        let udp = isIPv6 ? 54 : 34
        guard frame.count > udp + 16, frame[isIPv6 ? 20 : 23] == 17, frame[udp + 2] == 0x12, frame[udp + 3] == 0xb5
        else {
            return nil
        }
        typeOfService = isIPv6 ? frame[14] << 4 | frame[15] >> 4 : frame[15]
        vni = frame[(udp + 12)..<(udp + 15)].reduce(0) { $0 << 8 | UInt32($1) }
        inner = Array(frame[(udp + 16)...])
    }
}
