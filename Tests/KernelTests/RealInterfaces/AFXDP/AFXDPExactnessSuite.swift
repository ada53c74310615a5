// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

extension RealInterfaces {
    /// Traffic of known sizes through a real Open vSwitch that reads its ports through AF_XDP.
    @Suite struct AFXDPExactnessSuite {
        @Test(arguments: XDPMode.allCases, [false, true])
        func recordsEqualWhatTheGuestsSentAndTheSwitchForwarded(_ mode: XDPMode, isTakenOver: Bool) throws {
            try AFXDPPath.with(mode) { path in
                if isTakenOver { for port in AFXDPPath.ports { try path.open(port) } }
                let ports = try AFXDPPath.ports.map { try path.attach($0) }
                if !isTakenOver { for port in AFXDPPath.ports { try path.open(port) } }
                let sentBefore = [try path.sent(by: path.guest), try path.sent(by: path.peer)]
                // What one sends the other receives: the far end is the witness, and of forwarding, too.
                let witnesses = try [path.peer, path.guest].map { end in
                    try CaptureWitness(on: "eth0", in: end, direction: .received, longest: 2048)
                }
                try send(on: path)
                try finish(path, witnesses)

                let snapshot = try path.installation.installation.tables.snapshot()
                let seen = try witnesses.map { try $0.stopAndCount() }
                for (index, port) in ports.enumerated() {
                    let sent = try path.sent(by: index == 0 ? path.guest : path.peer) - sentBefore[index]
                    #expect(port.toHook == AFXDPPath.toHook)
                    try expect(snapshot, port, sent: sent, seen[index], delivered: seen[1 - index])
                }
                expectArithmetic(snapshot, ports)
            }
        }

        private static let sizes = [0, 1, 17, 18, 19, 512, 1452]

        private func send(on path: AFXDPPath) throws {
            for address in AFXDPPath.peerAddresses.both {
                try Traffic.echo(Self.sizes, from: path.guest, to: address, in: path.peer)
                try Traffic.ping(address, from: path.guest)
                try Traffic.transfer(100_000, from: path.guest, to: address, in: path.peer)
            }
            for address in AFXDPPath.guestAddresses.both {
                try Traffic.transfer(100_000, from: path.peer, to: address, in: path.guest)
            }
        }

        /// Waits until a last frame each way has arrived; what is not IP is counted, too.
        private func finish(_ path: AFXDPPath, _ witnesses: [CaptureWitness]) throws {
            let macs = [try path.guest.macAddress(of: "eth0"), try path.peer.macAddress(of: "eth0")]
            for (index, end) in [path.guest, path.peer].enumerated() {
                let mark = Frame(.ethernet(from: macs[index], to: macs[1 - index]), .payload(46)).bytes
                try FrameInjector(on: "eth0", in: end).send(mark)
                try waitUntil("the mark has arrived") { try witnesses[index].frames().contains(mark) }
            }
        }

        private func expect(
            _ snapshot: FlowSnapshot, _ port: RegisteredPort, sent: UInt64, _ witness: ReferenceMeter,
            delivered: ReferenceMeter
        ) throws {
            let totals = try #require(snapshot.totals[port.number])
            #expect(totals.egress == witness.totals)
            #expect(totals.egress.seen.packets == sent, "the sender's own counter")
            #expect(totals.egress.notIP.packets == 1)
            #expect(totals.ingress == (port.toHook == .fentry ? delivered.totals : PortTotals()))
            #expect(recorded(snapshot, port, .egress) == witness.flows)
            #expect(recorded(snapshot, port, .ingress) == (port.toHook == .fentry ? delivered.flows : [:]))
        }

        private func recorded(
            _ snapshot: FlowSnapshot, _ port: RegisteredPort, _ direction: Direction
        ) -> [FlowIdentity: ReferenceMeter.Tally] {
            let flows = snapshot.flows.filter { $0.key.port == port.number && $0.key.direction == direction }
            return Dictionary(
                uniqueKeysWithValues: flows.map { (FlowIdentity($0.key), ReferenceMeter.Tally($0.value)) })
        }

        /// What the senders were told to send.
        private func expectArithmetic(_ snapshot: FlowSnapshot, _ ports: [RegisteredPort]) {
            let octets = UInt64(Self.sizes.reduce(0, +))
            let packets = UInt64(Self.sizes.count)
            for (port, source) in zip(ports, [AFXDPPath.guestAddresses, AFXDPPath.peerAddresses]) {
                func count(_ transport: UInt8, _ source: IPAddress) -> PacketCount {
                    snapshot.flows.filter {
                        $0.key.port == port.number && $0.key.direction == .egress && $0.key.transport == transport
                            && $0.key.source == source
                    }.reduce(.zero) { $0 + $1.value.count }
                }
                #expect(
                    count(TransportNumber.udp, source.v4)
                        == PacketCount(packets: packets, octets: octets + packets * 28))
                #expect(
                    count(TransportNumber.udp, source.v6)
                        == PacketCount(packets: packets, octets: octets + packets * 48))
                #expect(count(TransportNumber.icmp, source.v4) == PacketCount(packets: 4, octets: 336))
                #expect(count(TransportNumber.icmpv6, source.v6) == PacketCount(packets: 4, octets: 416))
            }
        }
    }
}
