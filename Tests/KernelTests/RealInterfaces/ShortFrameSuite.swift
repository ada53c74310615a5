// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

extension RealInterfaces {
    /// Frames that end anywhere in their headers, at TC on a pair of interfaces: BPF_PROG_TEST_RUN refuses many of them.
    @Suite struct ShortFrameSuite {
        private static let whole: [FrameCase] = [
            FrameCase("IPv4 UDP", .ethernet(), .ipv4(), .udp(from: 1, to: 2), .payload(40)),
            FrameCase("IPv4 TCP", .ethernet(), .ipv4(options: 8), .tcp(from: 3, to: 4, options: 12)),
            FrameCase("IPv6 UDP", .ethernet(), .ipv6(), .udp(from: 5, to: 6), .payload(20)),
            FrameCase("IPv6 extensions", .ethernet(), .ipv6(), .hopByHop(), .tcp(from: 7, to: 8)),
            FrameCase("ARP", .ethernet(), .arp(from: "10.0.0.1", to: "10.0.0.2"), .padding()),
        ]
        private static let tagged: [FrameCase] = [
            FrameCase("VLAN, IPv4 UDP", .ethernet(), .vlan(100), .ipv4(), .udp(from: 1, to: 2), .payload(40)),
            FrameCase(
                "QinQ, IPv6 UDP", .ethernet(), .serviceVLAN(200), .vlan(100), .ipv6(), .udp(from: 5, to: 6),
                .payload(20)),
        ]
        /// From an Ethernet header alone to one with a whole IPv6 header behind it.
        private static let lengths = 14...54

        private let sender: NetworkNamespace
        private let receiver: NetworkNamespace
        private let installation: TemporaryInstallation

        init() throws {
            sender = try NetworkNamespace("sender")
            receiver = try NetworkNamespace("receiver")
            try sender.addPair("out0", to: receiver, "in0")
            installation = try TemporaryInstallation()
        }

        @Test(arguments: Way.allCases)
        func cutFramesAreCountedAsTheReferenceSays(_ way: Way) throws {
            let cuts = Self.whole.flatMap { frame in Self.lengths.map { Array(frame.bytes.prefix($0)) } }
            let ports = try attach(way)
            try send(cuts)
            try expect(cuts, on: ports.receiving, .egress)
            try expect(cuts, on: ports.sending, .ingress)
        }

        /// The kernel takes the outermost tag out before TC ingress (skb_vlan_untag). It wants to see the tag and two bytes
        /// behind it, and drops a frame that is shorter: only XDP and TC egress see that.
        @Test(arguments: Way.allCases)
        func framesWithACutTagReachAllHooksButTCIngress(_ way: Way) throws {
            let cuts = Self.tagged.flatMap { frame in Self.lengths.map { Array(frame.bytes.prefix($0)) } }
            let ports = try attach(way)
            try send(cuts)
            let reaching = way == .tc ? cuts.filter { $0.count >= Self.shortestUntagged } : cuts
            try expect(reaching, on: ports.receiving, .egress)
            try expect(cuts, on: ports.sending, .ingress)
        }

        private static let shortestUntagged = 14 + 4 + 2

        /// The receiving end measures frames from the port, the sending end frames to it.
        private func attach(_ way: Way) throws -> (sending: RegisteredPort, receiving: RegisteredPort) {
            (
                try installation.attach("out0", in: sender, AttachOptions(hook: .tc)),
                try installation.attach("in0", in: receiver, way.options)
            )
        }

        /// The last frame is one that no other is like: when it has arrived, all have.
        private func send(_ frames: [[UInt8]]) throws {
            let witness = try CaptureWitness(on: "in0", in: receiver, direction: .received, longest: 2048)
            let injector = try FrameInjector(on: "out0", in: sender)
            for frame in frames + [Self.mark] { try injector.send(frame) }
            try waitUntil("the mark has arrived") { try witness.frames().contains(Self.mark) }
        }

        private static let mark = Frame(.ethernet(type: EtherType.experimental), .payload(46)).bytes

        private func expect(_ frames: [[UInt8]], on port: RegisteredPort, _ direction: Direction) throws {
            var reference = ReferenceMeter()
            for frame in frames + [Self.mark] { reference.see(frame) }
            let snapshot = try installation.installation.tables.snapshot()
            let totals = try #require(snapshot.totals[port.number])
            #expect((direction == .egress ? totals.egress : totals.ingress) == reference.totals)
            #expect((direction == .egress ? totals.ingress : totals.egress) == PortTotals())
            var flows: [FlowIdentity: ReferenceMeter.Tally] = [:]
            for (key, counters) in snapshot.flows where key.port == port.number {
                flows[FlowIdentity(key)] = ReferenceMeter.Tally(counters)
            }
            #expect(flows == reference.flows)
        }
    }
}
