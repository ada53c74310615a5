// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

extension RealInterfaces {
    /// A tap in the bridge, as a virtual machine has it: frames come and go with a virtio header in front.
    @Suite struct TapSuite {
        private static let frames = FrameTable.transports.map(\.bytes) + FrameTable.tags.map(\.bytes)

        private let host: NetworkNamespace
        private let peer: NetworkNamespace

        init() throws {
            host = try NetworkNamespace("host")
            peer = try NetworkNamespace("peer")
            try host.addPair("uplink0", to: peer, "eth0")
            try host.disableOffloads(on: "uplink0")
            try host.ip("tuntap add dev tap0 mode tap vnet_hdr")
            try host.addBridge("br0", over: ["tap0", "uplink0"])
            try host.bringUp("tap0")
        }

        @Test(arguments: Way.allCases)
        func framesOfAMachineAreCountedBothWays(_ way: Way) throws {
            let outcome = try measure(way, sending: Self.frames, receiving: Self.frames)
            var reference = ReferenceMeter()
            for frame in Self.frames { reference.see(frame) }
            #expect(outcome.egress == reference.flows)
            #expect(outcome.ingress == reference.flows)
        }

        /// The machine says only how long a segment is; the kernel cuts the frame when it leaves the host.
        @Test func superFramesAreCountedAsTheSegmentsThatThePeerReceives() throws {
            let tagged: [[Layer]] = [[], [.vlan(100)], [.serviceVLAN(200), .vlan(100)]]
            let frames = tagged.flatMap { tags in
                [Layer.ipv4(dontFragment: true), .ipv6()].map { internet in
                    let transport = [Layer.tcp(from: 1, to: 2, flags: [.ack, .psh], options: 12), .payload(60_001)]
                    return Frame([.ethernet()] + tags + [internet] + transport).bytes
                }
            }
            let outcome = try measure(.tc, sending: frames, segment: 1400, receiving: [])
            let segments = UInt64(43)
            #expect(outcome.egress.count == 6)
            for (flow, tally) in outcome.egress {
                let headers: UInt64 = flow.version == .v4 ? 52 : 72
                #expect(tally.count == PacketCount(packets: segments, octets: 60_001 + segments * headers))
            }
        }

        private typealias Flows = [FlowIdentity: ReferenceMeter.Tally]

        /// Sends through the tap, one frame of up to 64 KiB at a time, and to it; what the port's records then are. Those of
        /// frames from the machine must be what the peer received.
        private func measure(
            _ way: Way, sending: [[UInt8]], segment: Int = 0, receiving: [[UInt8]]
        ) throws -> (egress: Flows, ingress: Flows) {
            let machine = try TapMachine(tap: "tap0", in: host, sending: sending, segment: segment)
            try waitUntil("tap0 has a carrier") { try host.ip("link show tap0").contains("LOWER_UP") }
            let installation = try TemporaryInstallation()
            let port = try installation.attach("tap0", in: host, way.options)
            let witness = try CaptureWitness(on: "eth0", in: peer, direction: .received, longest: 2048)
            try machine.send()
            try waitUntil("the mark has arrived") { try witness.frames().contains(TapMachine.mark) }
            let injector = try FrameInjector(on: "eth0", in: peer)
            for frame in receiving + [TapMachine.mark] { try injector.send(frame) }
            #expect(try machine.finish() == receiving.count + 1)

            let snapshot = try installation.installation.tables.snapshot()
            let seen = try witness.stopAndCount()
            #expect(snapshot.totals[port.number]?.egress == seen.totals)
            let egress = Self.flows(snapshot, .egress)
            #expect(egress == seen.flows)
            return (egress, Self.flows(snapshot, .ingress))
        }

        private static func flows(_ snapshot: FlowSnapshot, _ direction: Direction) -> Flows {
            let flows = snapshot.flows.filter { $0.key.direction == direction }
            return Dictionary(
                uniqueKeysWithValues: flows.map { (FlowIdentity($0.key), ReferenceMeter.Tally($0.value)) })
        }
    }
}
