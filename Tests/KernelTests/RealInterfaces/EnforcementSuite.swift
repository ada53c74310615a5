// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import FlowVerdict
import Testing

extension RealInterfaces {
    /// A policy on interfaces: what it refuses does not arrive, and what it allows does.
    @Suite struct EnforcementSuite {
        private static let enforced = PortPolicy(set: 1, mode: .enforce)
        private static let audited = PortPolicy(set: 1, mode: .audit)
        /// From the peer to one port of the guest; of either family.
        private static let policy = KernelPolicy(
            rules: [IPVersion.v4, .v6].flatMap { version in
                [
                    .plain(
                        .allow, .ingress, number: 1, version, transport: TransportNumber.tcp, to: Traffic.port,
                        from: version == .v4 ? SwitchedPath.peerAddresses.v4 : SwitchedPath.peerAddresses.v6,
                        priority: 1),
                    .plain(.deny, .ingress, number: 2, version), .plain(.deny, .egress, number: 3, version),
                ]
            })

        @Test(arguments: Way.allCases)
        func refusedConnectionsFailAndAllowedOnesTransfer(_ way: Way) throws {
            let path = try SwitchedPath()
            let installation = try TemporaryInstallation()
            let port = try installation.attach("port0", in: path.host, way.options)
            try installation.load(Self.policy, [port.number: Self.enforced], in: path.host)
            for address in SwitchedPath.guestAddresses.both {
                try Traffic.transfer(100_000, from: path.peer, to: address, in: path.guest)
            }
            try Self.expectRefusal(from: path.guest, to: SwitchedPath.peerAddresses.v4, Traffic.port)
            try Self.expectRefusal(from: path.peer, to: SwitchedPath.guestAddresses.v6, 5202)
            let flows = try installation.installation.tables.snapshot().flows
            let rulings = flows.reduce(into: [Ruling: Set<UInt16>]()) {
                $0[$1.key.ruling, default: []].insert($1.key.rule)
            }
            #expect(rulings == [.accept: [1], .drop: [2, 3]])

            // Only said, and then not even asked.
            try installation.load(Self.policy, [port.number: Self.audited], in: path.host)
            try Traffic.transfer(1000, from: path.guest, to: SwitchedPath.peerAddresses.v4, in: path.peer)
            try path.host.inside { try installation.installation.removePolicy() }
            try Traffic.transfer(1000, from: path.guest, to: SwitchedPath.peerAddresses.v4, in: path.peer)
            let last = try installation.installation.tables.snapshot().flows
            #expect(last.contains { $0.key.ruling == .reject && $0.key.rule == 3 })
            #expect(last.contains { $0.key.ruling == .none && $0.key.destinationPort == Traffic.port })
            #expect(try installation.installation.tables.policySummary() == nil)
            #expect(try !installation.pins.contains { $0.hasSuffix("/connections") })
        }

        private static func expectRefusal(
            from client: NetworkNamespace, to address: IPAddress, _ port: UInt16
        ) throws {
            let family = address.version == .v4 ? "AF_INET" : "AF_INET6"
            let program = """
                import socket
                client = socket.socket(socket.\(family), socket.SOCK_STREAM)
                client.settimeout(0.5)
                try:
                    client.connect(("\(address)", \(port)))
                except TimeoutError:
                    print("refused")
                """
            #expect(try client.run(["python3", "-c", program]) == "refused\n")
        }

        /// A port that is attached with a policy has it from its first frame on.
        @Test func aNewPortIsJudgedFromItsFirstFrameOn() throws {
            let path = try SwitchedPath()
            let installation = try TemporaryInstallation()
            try installation.load(Self.policy, [:], in: path.host)
            let port = try installation.attach(
                "port0", in: path.host, AttachOptions(hook: .tc, policy: Self.enforced))
            try Self.expectRefusal(from: path.guest, to: SwitchedPath.peerAddresses.v4, Traffic.port)
            #expect(try installation.installation.tables.policySummary()?.ports == [port.number: Self.enforced])
            let flows = try installation.installation.tables.snapshot().flows
            #expect(!flows.isEmpty && flows.allSatisfy { $0.key.ruling == .drop && $0.key.rule == 3 })
        }

        /// Frames of a machine behind a tap, both ways; a frame that is no IP, whose type the policy names, is the mark.
        @Test(arguments: Way.allCases)
        func framesThatAreRefusedDoNotPassATap(_ way: Way) throws {
            let (host, peer) = (try NetworkNamespace("host"), try NetworkNamespace("peer"))
            try host.addPair("uplink0", to: peer, "eth0")
            try host.disableOffloads(on: "uplink0")
            try host.ip("tuntap add dev tap0 mode tap vnet_hdr")
            try host.addBridge("br0", over: ["tap0", "uplink0"])
            try host.bringUp("tap0")
            func frame(to port: UInt16) -> [UInt8] {
                Frame(.ethernet(), .ipv4(), .udp(from: 9, to: port), .payload(30)).bytes
            }
            let frames = (0..<60).map { frame(to: $0 % 3 == 0 ? 100 : 200) }
            let machine = try TapMachine(tap: "tap0", in: host, sending: frames, segment: 0)
            try waitUntil("tap0 has a carrier") { try host.ip("link show tap0").contains("LOWER_UP") }
            let installation = try TemporaryInstallation()
            let port = try installation.attach("tap0", in: host, way.options)
            let rules = Direction.allCases.flatMap { direction in
                [
                    PolicyRule.plain(
                        .allow, direction, number: 1, transport: TransportNumber.udp, to: 100, priority: 1),
                    .plain(.deny, direction, number: 2),
                ]
            }
            let policy = KernelPolicy(rules: rules, etherTypes: [EtherType.experimental])
            try installation.load(policy, [port.number: Self.enforced], in: host)
            let witness = try CaptureWitness(on: "eth0", in: peer, direction: .received, longest: 2048)
            try machine.send()
            try waitUntil("the mark has arrived") { try witness.frames().contains(TapMachine.mark) }
            let injector = try FrameInjector(on: "eth0", in: peer)
            for frame in frames + [TapMachine.mark] { try injector.send(frame) }
            #expect(try machine.finish() == 20 + 1)
            #expect(try witness.stop() == Array(repeating: frame(to: 100), count: 20) + [TapMachine.mark])
            let counted = try installation.installation.tables.snapshot().flows
            let packets = counted.reduce(into: [Ruling: UInt64]()) {
                $0[$1.key.ruling, default: 0] += $1.value.count.packets
            }
            #expect(packets == [.accept: 40, .drop: 80])
        }

        /// Fifty policies of 10,000 rules one after the other, all of which allow the same.
        @Test func reloadsUnderTrafficLetNothingRefusedThroughAndDropNothingAllowed() throws {
            let path = try SwitchedPath()
            // Each version has records of its own.
            let installation = try TemporaryInstallation(TableRequest(flowBudget: 65_536))
            let port = try installation.attach("port0", in: path.host, AttachOptions(hook: .tc))
            let policies = (0..<2).map { Self.policyOfMany(seed: UInt64($0)) }
            try installation.load(policies[0], [port.number: Self.enforced], in: path.host)
            let before = HostCounters(try path.peer.run(["cat", "/proc/net/dev"])).received("eth0").frames
            let sender = try CountingSender(on: 0, in: path.guest)
            for number in 1...50 {
                try installation.load(policies[number % 2], [port.number: Self.enforced], in: path.host)
            }
            let sent = try sender.stop()
            let allowed = sent.filter { $0.key % 2 == 0 }.values.reduce(0, +)
            let refused = sent.filter { $0.key % 2 != 0 }.values.reduce(0, +)
            #expect(allowed > 10_000 && refused > 10_000)
            try waitUntil("all has arrived") {
                HostCounters(try path.peer.run(["cat", "/proc/net/dev"])).received("eth0").frames >= before + allowed
            }
            let after = HostCounters(try path.peer.run(["cat", "/proc/net/dev"])).received("eth0").frames
            #expect(after == before + allowed)
            let flows = try installation.installation.tables.snapshot().flows
            for (name, ruling, count) in [("allowed", Ruling.accept, allowed), ("refused", .drop, refused)] {
                let counted = flows.filter { $0.key.direction == .egress && $0.key.ruling == ruling }
                #expect(counted.reduce(0) { $0 + $1.value.count.packets } == count, "\(name)")
                #expect(counted.allSatisfy { ($0.key.destinationPort % 2 == 0) == (ruling == .accept) })
            }
            print("reloads: \(allowed) datagrams allowed, \(refused) refused")
        }

        /// Even ports of the sender are allowed, odd ones not, by rules among many that are about somebody else.
        private static func policyOfMany(seed: UInt64) -> KernelPolicy {
            var random = RandomPolicy(seed: seed)
            let others = random.policy(rules: 9936, masks: 60).rules.map { rule in
                var rule = rule
                rule.key.rest = rule.key.rest & ~0xFFFF | 2
                return rule
            }
            let ours = (0..<UInt16(CountingSender.flows)).map { flow in
                PolicyRule.plain(
                    flow % 2 == 0 ? .allow : .deny, .egress, number: 100 + UInt16(seed) * 100 + flow,
                    transport: TransportNumber.udp, to: CountingSender.firstPort + flow, priority: Int(seed) * 60)
            }
            return KernelPolicy(rules: seed == 0 ? others + ours : ours + others)
        }
    }
}

extension TemporaryInstallation {
    /// Loads a policy, from where its ports are.
    func load(_ policy: KernelPolicy, _ ports: [PortNumber: PortPolicy], in namespace: NetworkNamespace) throws {
        _ = try namespace.inside { try installation.load(policy, ports: ports) }
    }
}
