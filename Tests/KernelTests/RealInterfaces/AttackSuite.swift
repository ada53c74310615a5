// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import FlowVerdict
import Foundation
import Host
import Testing

extension RealInterfaces {
    /// A guest that attacks an enforced policy, and is attacked through it: nothing that a rule denies reaches a socket, and everything
    /// that was sent is in a record or in a count by reason.
    ///
    /// Some seconds; as many as WEIR_ATTACK_SECONDS says for each way.
    @Suite struct AttackSuite {
        private static let allowed: UInt16 = 5353
        private static let denied: UInt16 = 7777
        private static let round = 3000

        private static var duration: Duration {
            let text = ProcessInfo.processInfo.environment["WEIR_ATTACK_SECONDS"]
            return .seconds(text.flatMap { Int($0) } ?? 4)
        }

        /// Datagrams to one port, both ways and of both families; nothing else.
        private static let policy = KernelPolicy(
            rules: [IPVersion.v4, .v6].flatMap { version in
                Direction.allCases.flatMap { direction in
                    [
                        PolicyRule.plain(
                            .allow, direction, number: 1, version, transport: TransportNumber.udp, to: allowed,
                            priority: 1, isStateful: false),
                        .plain(.deny, direction, number: 2, version),
                    ]
                }
            })

        @Test(arguments: [Way.tc, .xdpNative])
        func `nothing that is denied arrives and everything is accounted for`(_ way: Way) throws {
            let scene = try Scene(way)
            try scene.enforce(Self.policy, .enforce)
            let end = ContinuousClock.now + Self.duration
            var seed: UInt64 = 0
            repeat {
                for direction in Direction.allCases { try scene.attack(direction, seed: seed, attempts: Self.round) }
                seed += 1
            } while ContinuousClock.now < end
            try scene.compareWithDevices()
            let arrived = try scene.stop()
            for (direction, arrivals) in arrived {
                print("attack, \(way), \(direction): \(scene.sent[direction] ?? 0) frames, \(arrivals)")
                #expect(arrivals.denied == 0 && arrivals.other == 0, "\(direction): \(arrivals)")
                // Each round sends as many datagrams to the allowed port as they are, and they all arrive.
                #expect(arrivals.plain == scene.plain[direction], "\(direction): \(arrivals)")
            }
        }

        /// The witness is no use if it sees nothing where nothing is enforced.
        @Test func `the same frames arrive where the policy is only audited`() throws {
            let scene = try Scene(.tc)
            try scene.enforce(Self.policy, .audit)
            for direction in Direction.allCases { try scene.attack(direction, seed: 0, attempts: Self.round) }
            for (direction, arrivals) in try scene.stop() {
                print("attack, audited, \(direction): \(arrivals)")
                #expect(arrivals.denied > 100 && arrivals.other > 0, "\(direction)")
            }
        }

        /// A switched path, a policy on the guest's port, and at both ends sockets that count what arrives.
        private final class Scene {
            private let path: SwitchedPath
            private let installation: TemporaryInstallation
            private let port: RegisteredPort
            private var meter: FlowMeter<KernelFlowSource>
            private let injectors: [Direction: FrameInjector]
            private let witnesses: [Direction: ArrivalWitness]
            private(set) var sent: [Direction: Int] = [:]
            private(set) var plain: [Direction: Int] = [:]
            private var mode = PolicyMode.enforce
            /// What the machines' devices had sent, and what was counted, before the attack.
            private var before: [Direction: Int] = [:]

            init(_ way: Way) throws {
                path = try SwitchedPath()
                try path.disableOffloads()
                try Self.makeTransparent(path.host)
                for machine in [path.guest, path.peer] { try Self.mute(machine) }
                installation = try TemporaryInstallation(TableRequest(flowBudget: 65_536, portShare: 1))
                port = try installation.attach("port0", in: path.host, way.options)
                meter = try installation.meter(interval: .seconds(3600))
                // What the guest sends is egress, and arrives at the peer.
                injectors = [
                    .egress: try FrameInjector(on: "eth0", in: path.guest),
                    .ingress: try FrameInjector(on: "eth0", in: path.peer),
                ]
                witnesses = [
                    .egress: try ArrivalWitness(in: path.peer, allowed: allowed, denied: denied),
                    .ingress: try ArrivalWitness(in: path.guest, allowed: allowed, denied: denied),
                ]
            }

            /// Hostile frames ask a machine who it is: it answers nothing, so that there are no frames but those that are sent here.
            private static func mute(_ machine: NetworkNamespace) throws {
                try machine.set(["net/ipv4/conf/all/arp_ignore": "8"])
                try machine.run(["nft", "add", "table", "inet", "mute"])
                try machine.run(["nft", "add chain inet mute out { type filter hook output priority 0; policy drop; }"])
            }

            /// The bridge forwards what it is given: it asks neither netfilter, which drops malformed IP and cut ARP, nor who listens.
            private static func makeTransparent(_ host: NetworkNamespace) throws {
                try host.ip("link set br0 type bridge mcast_snooping 0")
                let families = ["arptables", "iptables", "ip6tables"].map { "net/bridge/bridge-nf-call-\($0)" }
                let known = families.filter { FileManager.default.fileExists(atPath: "/proc/sys/\($0)") }
                if !known.isEmpty { try host.set(Dictionary(uniqueKeysWithValues: known.map { ($0, "0") })) }
            }

            func enforce(_ policy: KernelPolicy, _ mode: PolicyMode) throws {
                self.mode = mode
                try installation.load(policy, [port.number: PortPolicy(set: 1, mode: mode)], in: path.host)
                for direction in Direction.allCases {
                    before[direction] = try sentByDevice(direction) - seen(direction)
                }
            }

            private func sentByDevice(_ direction: Direction) throws -> Int {
                let machine = direction == .egress ? path.guest : path.peer
                return Int(HostCounters(try machine.run(["cat", "/proc/net/dev"])).sent("eth0").frames)
            }

            /// Since the port was attached.
            private func seen(_ direction: Direction) throws -> Int {
                let totals = try #require(try installation.installation.tables.lifetimeTotals(of: port))
                return Int((direction == .egress ? totals.egress : totals.ingress).seen.packets)
            }

            /// Every frame that a machine's device has sent was counted.
            func compareWithDevices() throws {
                for direction in Direction.allCases {
                    print(
                        "attack, \(direction): devices sent \(try sentByDevice(direction)), counted \(try seen(direction)), before \(before[direction] ?? 0)"
                    )
                    try waitUntil("as many frames are counted as \(direction) devices have sent") {
                        try sentByDevice(direction) - self.seen(direction) == before[direction]
                    }
                }
            }

            private func ends(_ direction: Direction) -> HostileFrames.Ends {
                let (guest, peer) = (SwitchedPath.guestAddresses, SwitchedPath.peerAddresses)
                return direction == .egress
                    ? HostileFrames.Ends(
                        sourceMAC: path.guestMAC, destinationMAC: path.peerMAC, source: (guest.v4, guest.v6),
                        destination: (peer.v4, peer.v6))
                    : HostileFrames.Ends(
                        sourceMAC: path.peerMAC, destinationMAC: path.guestMAC, source: (peer.v4, peer.v6),
                        destination: (guest.v4, guest.v6))
            }

            /// Sends so many attempts one way, and compares what was counted of them with what was sent.
            func attack(_ direction: Direction, seed: UInt64, attempts: Int) throws {
                let ends = ends(direction)
                var hostile = HostileFrames(seed: seed, between: ends, allowed: allowed, denied: denied)
                let injector = try #require(injectors[direction])
                let plainFrames = [IPVersion.v4, .v6].map { plainFrame($0, direction) }
                var count = 0
                for number in 0..<attempts {
                    for frame in hostile.next().frames where isDeliverable(frame, ends) {
                        // The kernel sends no frame that is longer than its MTU.
                        if (try? injector.send(frame)) != nil { count += 1 }
                    }
                    guard number % 10 == 0 else { continue }
                    for frame in plainFrames { try injector.send(frame) }
                    count += plainFrames.count
                    plain[direction, default: 0] += plainFrames.count
                }
                sent[direction, default: 0] += count
                try check(direction, count)
            }

            /// Whether the way to the port is open: a mutation may have hit the Ethernet addresses, and the kernel drops frames that end
            /// within a tag before any hook.
            private func isDeliverable(_ frame: [UInt8], _ ends: HostileFrames.Ends) -> Bool {
                guard frame.count >= 14, frame.starts(with: ends.destinationMAC.wireBytes + ends.sourceMAC.wireBytes)
                else {
                    return false
                }
                return ReferenceParser.classify(frame).kind != .truncated || ![0x81, 0x88].contains(frame[12])
            }

            private func plainFrame(_ version: IPVersion, _ direction: Direction) -> [UInt8] {
                let ends = ends(direction)
                let internet: Layer =
                    version == .v4
                    ? .ipv4(from: ends.source.v4, to: ends.destination.v4)
                    : .ipv6(from: ends.source.v6, to: ends.destination.v6)
                return Frame(
                    .ethernet(from: ends.sourceMAC, to: ends.destinationMAC), internet, .udp(from: 9, to: allowed),
                    .payload(ArrivalWitness.plainText)
                ).bytes
            }

            private func check(_ direction: Direction, _ count: Int) throws {
                let side = PortSide(port: port.number, direction: direction)
                try waitUntil("all frames are counted") {
                    let totals = try installation.installation.tables.snapshot().totals[port.number]
                    return (direction == .egress ? totals?.egress : totals?.ingress)?.seen.packets ?? 0 >= count
                }
                let closed = try #require(try meter.cutShort(at: .now))
                let totals = try #require(closed.totals[side])
                #expect(closed.violations.isEmpty && totals.seen.packets == count && totals.overflow.isZero)
                let known = [port.number: FlowModel.Port(number: port.number, name: port.name, role: .guest)]
                var logged: UInt64 = 0
                for entry in closed.entries(ports: known) {
                    switch entry {
                    case .flow(let record) where record.key.direction == direction: logged += record.count.packets
                    case .unparsed(_, _, let frames) where frames.direction == direction:
                        logged += frames.count.packets
                        #expect(frames.verdict.action == .reject && frames.sample != nil)
                    default: break
                    }
                }
                // ARP passes, and is in no line.
                let passed = totals.notIP - totals.refused.notIP - totals.audited.notIP
                #expect(logged + passed.packets == UInt64(count))
                #expect((mode == .enforce ? totals.audited : totals.refused).sum.isZero)
                #expect(totals.unparsed.sum - passed == (mode == .enforce ? totals.refused : totals.audited).sum)
                try meter.release(closed)
            }

            func stop() throws -> [Direction: ArrivalWitness.Arrivals] { try witnesses.mapValues { try $0.stop() } }
        }
    }
}
