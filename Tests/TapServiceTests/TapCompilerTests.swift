// SPDX-License-Identifier: Apache-2.0

import FlowModel
import TapService
import Testing

/// From objects and ports to what the kernel's programs are to do.
@Suite struct TapCompilerTests {
    private static func fixture() throws -> TapFixture {
        var fixture = TapFixture(
            ports: .named("tap7", 7, tags: ["db"]), .named("tap8", 8, tags: ["db"]), .named("tap9", 9))
        try fixture.create(.services, "name=mon port=tap9")
        return fixture
    }

    @Test func `a tap flow without a filter takes everything of its directions`() throws {
        var fixture = try Self.fixture()
        try fixture.create(.flows, "name=f port=tap7 tap_service=mon direction=OUT vlan_filter=2,18-20")
        let compiler = fixture.compile()
        #expect(compiler.plan.sessions.count == 1)
        let session = compiler.plan.sessions[0]
        #expect(session.ingress.isEmpty && session.egress == [TapRule(1, .accept)])
        #expect(session.vlans == [2, 18, 19, 20] && session.destination == .interface(109))
        #expect(compiler.plan.uses == [PortNumber(7): [TapUse(session: 0, account: 0)]])
        #expect(compiler.plan.carriers == [PortNumber(9)])
        #expect(compiler.outcomes[0].status == .active && compiler.outcomes[0].reason == nil)
    }

    @Test func `all that is said of a session is in the plan`() throws {
        var fixture = try Self.fixture()
        fixture.host.dscp = 8
        fixture.host.egress = "tap9"
        try fixture.create(.services, "name=far remote_ip=2001:db8::9 vni=77 ttl=3 udp_checksum=false")
        try fixture.create(
            .filters, "name=web", rules: "number=2,action=accept,direction=OUT,protocol=tcp",
            "number=1,action=reject,direction=OUT,source=10.0.0.1")
        try fixture.create(
            .flows,
            "name=f port=tap7 tap_service=far filter=web vni=78 packet_length=96 first_packets=5 first_octets=6000 sampling=10 sampling_mode=flow max_bits_per_second=8000 max_packets_per_second=7"
        )
        let plan = fixture.compile(budgets: ["flows-4": TapRate(bytesPerSecond: 5)]).plan
        var tunnel = TapTunnel(to: IPAddress("2001:db8::9")!, vni: 78)
        (tunnel.dscp, tunnel.timeToLive, tunnel.hasChecksum) = (8, 3, false)
        (tunnel.longestFrame, tunnel.oversize) = (1444, .cut)
        var session = TapSession(to: .tunnel(tunnel))
        var (first, second) = (TapRule(1, .reject), TapRule(2, .accept))
        first.source = AddressPrefix("10.0.0.1")
        second.transport = 6
        session.egress = [first, second]
        (session.packetLength, session.firstPackets, session.firstOctets) = (96, 5, 6000)
        session.sampling = TapSampling(one: 10, perFlow: true)
        session.rate = TapRate(packetsPerSecond: 7, bytesPerSecond: 1000)
        session.budget = TapRate(bytesPerSecond: 5)
        #expect(plan.sessions == [session])
        #expect(plan.carriers == [PortNumber(9)])
    }

    @Test func `a selector covers what comes later, and never the destination`() throws {
        var fixture = try Self.fixture()
        try fixture.create(.flows, "name=f ports=tap* tap_service=mon session=2")
        try fixture.create(.flows, "name=g tag=db tap_service=mon session=1")
        #expect(
            fixture.compile().plan.uses.mapValues { $0.map(\.session) } == [
                PortNumber(7): [0, 1], PortNumber(8): [0, 1],
            ])
        fixture.host.ports.append(.named("tap5", 5))
        let compiler = fixture.compile()
        #expect(compiler.plan.uses[PortNumber(5)]?.map(\.session) == [1])
        #expect(compiler.outcomes.map(\.request.name) == ["g", "f"])
    }

    @Test func `what is not there is waited for, and what is switched off says so`() throws {
        var fixture = try Self.fixture()
        try fixture.create(.services, "name=later port=tap4")
        try fixture.create(.flows, "name=f port=tap6 tap_service=mon")
        try fixture.create(.flows, "name=g port=tap7 tap_service=later")
        try fixture.create(.flows, "name=h port=tap7 tap_service=mon enabled=false")
        let compiler = fixture.compile()
        #expect(compiler.plan == TapPlan())
        #expect(compiler.outcomes.map(\.status) == [.down, .down, .down])
        #expect(
            compiler.outcomes.map(\.reason) == [
                "it waits for its source, port tap6", "it waits for its destination, port tap4", "it is switched off",
            ])
        fixture.host.interface = { $0 == "tap4" ? TapSurroundings.Interface(index: 44) : nil }
        #expect(fixture.compile().plan.sessions.map(\.destination) == [.interface(44)])
        #expect(fixture.compile().plan.carriers.isEmpty)
    }

    @Test func `a port of another project that a selector finds is left out and named`() throws {
        var fixture = TapFixture(
            ports: .named("tap7", 7, project: "blue"), .named("tap8", 8, project: "red"),
            .named("tap9", 9, project: "blue"))
        try fixture.create(.services, "name=mon port=tap9")
        try fixture.create(.flows, "name=f ports=tap* tap_service=mon")
        let compiler = fixture.compile()
        #expect(Array(compiler.plan.uses.keys) == [PortNumber(7)])
        #expect(
            compiler.outcomes[0].reason == "left out: tap8: it is of project red, and the destination of project blue")
        #expect(compiler.outcomes[0].status == .active)
        try fixture.update(.flows, "f", "allow_cross_account=true")
        #expect(fixture.compile().plan.uses.count == 2)
    }

    @Test func `a port that cannot be copied from is left out and says why`() throws {
        var fixture = try Self.fixture()
        fixture.host.ports[0].obstacle = "its frames go past the kernel"
        try fixture.create(.flows, "name=f port=tap7 tap_service=mon")
        let compiler = fixture.compile()
        #expect(compiler.outcomes[0].status == .down)
        #expect(compiler.outcomes[0].reason == "left out: tap7: its frames go past the kernel")
    }

    @Test func `an account stays with its session and port, whatever comes and goes beside them`() throws {
        var fixture = try Self.fixture()
        try fixture.create(.flows, "name=f port=tap7 tap_service=mon session=5")
        try fixture.create(.flows, "name=g port=tap8 tap_service=mon session=6")
        #expect(fixture.compile().plan.uses[PortNumber(8)] == [TapUse(session: 1, account: 1)])
        try fixture.create(.flows, "name=first ports=tap* tap_service=mon session=1")
        _ = try fixture.book.delete(.flows, "f")
        let plan = fixture.compile(counts: [0: Self.figures(9), 1: Self.figures(4)]).plan
        #expect(plan.uses[PortNumber(8)] == [TapUse(session: 0, account: 3), TapUse(session: 1, account: 1)])
    }

    @Test func `counts of a port that goes stay its session's, and one that comes again begins anew`() throws {
        var fixture = try Self.fixture()
        let id = try fixture.create(.flows, "name=f port=tap7 tap_service=mon")
        _ = fixture.compile()
        let old = fixture.host.ports.removeFirst()
        _ = fixture.compile(counts: [0: Self.figures(9)])
        #expect(fixture.book.accounts.past(of: id) == Self.figures(9))
        var new = old
        new.attached = UnixTime(seconds: 5)
        fixture.host.ports.append(new)
        let plan = fixture.compile().plan
        #expect(plan.uses[PortNumber(7)] == [TapUse(session: 0, account: 1)])
        #expect(fixture.book.accounts.numbers == [1] && fixture.book.accounts.past(of: id) == Self.figures(9))
    }

    private static func figures(_ packets: UInt64) -> TapFigures {
        var counts = TapCounts()
        counts.matched = PacketCount(packets: packets, octets: packets * 100)
        return TapFigures(ingress: counts)
    }

    @Test func `the lowest session whose rules accept takes a packet, and no other`() throws {
        var fixture = try Self.fixture()
        try fixture.create(
            .filters, "name=web", rules: "number=1,action=reject,direction=IN,protocol=tcp,destination-port=443",
            "number=2,action=accept,direction=IN,protocol=tcp")
        try fixture.create(.flows, "name=all port=tap7 tap_service=mon session=9")
        try fixture.create(.flows, "name=web port=tap7 tap_service=mon session=3 filter=web")
        let compiler = fixture.compile()
        func packet(_ port: UInt16, _ direction: Direction = .ingress) -> TapPacket {
            TapPacket(
                direction,
                TapPacket.Flow(
                    transport: 6, source: IPAddress("10.0.0.1")!, destination: IPAddress("10.0.0.2")!,
                    ports: (1, port), flags: 2))
        }
        let plan = compiler.plan
        func taker(_ packet: TapPacket) -> String? {
            plan.use(of: packet, at: PortNumber(7)).map { compiler.outcomes[$0.session].request.name }
        }
        #expect(taker(packet(80)) == "web")
        #expect(taker(packet(443)) == "all")
        #expect(taker(packet(80, .egress)) == "all")
        let sessions = compiler.outcomes.map { ($0.request.name, $0.request.number, plan.sessions[$0.place!]) }
        let explanation = TapExplanation(packet(443), by: sessions)
        #expect(
            explanation.entries.map(\.why) == [
                "rule 1 for IN (tcp port 443) rejects it", "rule 1 for IN (everything) accepts it",
            ])
        #expect(explanation.taker?.session == "all")
        #expect(TapExplanation(packet(80, .egress), by: sessions).entries[0].why == "it has no rule for OUT")
        #expect(
            TapExplanation(packet(80), by: sessions).entries[1].why
                == "not asked: web has taken it, and each packet is copied once")
    }

    @Test func `a port has no more sessions than there is room for`() throws {
        var fixture = try Self.fixture()
        for number in 1...17 { try fixture.create(.flows, "name=f\(number) port=tap7 tap_service=mon") }
        let compiler = fixture.compile()
        #expect(compiler.plan.uses[PortNumber(7)]?.count == 16)
        #expect(compiler.outcomes[16].reason == "left out: tap7: it has 16 sessions already")
    }

    @Test func `a port gets copies of the hosts that its tap service names, and of no others`() throws {
        var fixture = TapFixture(ports: .named("tap9", 9), .named("tap7", 7))
        try fixture.create(.services, "name=far port=tap9 vni=7001 peers=192.0.2.1,2001:db8::1")
        let plan = fixture.compile().plan
        #expect(
            Set(plan.arrivals)
                == Set(
                    ["192.0.2.1", "2001:db8::1"].compactMap { IPAddress($0) }.map {
                        TapArrival(from: $0, vni: 7001, to: 109)
                    }))
        #expect(plan.carriers == [PortNumber(9)] && plan.sessions.isEmpty)
        for (fields, sentence) in [
            ("name=a port=tap7 vni=7002", "needs both"), ("name=a port=tap7 peers=192.0.2.1", "needs both"),
            ("name=a remote_ip=192.0.2.9 vni=7002 peers=192.0.2.1", "is on another host"),
            ("name=a port=tap7 vni=7002 peers=web", "must be the IP addresses"),
            ("name=a port=tap7 vni=7001 peers=192.0.2.1", "is in use by"),
        ] {
            #expect(TapFixture.refusal { try fixture.create(.services, fields) }.contains(sentence), "\(fields)")
        }
    }

    @Test func `a tap mirror is a session for each direction`() throws {
        var fixture = try Self.fixture()
        var fields = TapFixture.fields("name=m port=tap7 remote_ip=192.0.2.9 mirror_type=vxlan")
        fields["directions"] = .object(["IN": .number(102), "OUT": .number(103)])
        try fixture.create(.mirrors, fields)
        let plan = fixture.compile().plan
        #expect(plan.sessions.map(\.ingress.count) == [1, 0] && plan.sessions.map(\.egress.count) == [0, 1])
        #expect(
            plan.sessions.map(\.destination)
                == [102, 103].map { .tunnel(TapTunnel(to: IPAddress("192.0.2.9")!, vni: $0)) })
    }

    @Test func `what ports take that cannot send has a label, and goes to a port of this host through the tunnel`()
        throws
    {
        var fixture = try Self.fixture()
        fixture.host.ports[0].canSend = false
        try fixture.create(.services, "name=far remote_ip=192.0.2.1 vni=77")
        try fixture.create(.flows, "name=f port=tap7 tap_service=mon session=1")
        try fixture.create(.flows, "name=g tag=db tap_service=far session=2")
        try fixture.create(.flows, "name=h port=tap8 tap_service=mon session=3")
        let compiler = fixture.compile()
        #expect(compiler.plan.sessions.map(\.label) == [1, 2, 0])
        let thisHost = try #require(IPAddress("127.0.0.1"))
        #expect(compiler.plan.arrivals == [TapArrival(from: thisHost, vni: 1, to: 109)])
        #expect(
            compiler.relays == [1: TapTunnel(to: thisHost, vni: 1), 2: TapTunnel(to: IPAddress("192.0.2.1")!, vni: 77)])
        #expect(fixture.compile().plan == compiler.plan)

        // Copies that lie in the ring go where they were taken for.
        try fixture.update(.services, "far", "remote_ip=192.0.2.2")
        #expect(fixture.compile().plan.sessions.map(\.label) == [1, 3, 0])
        let labels = fixture.book.accounts.labels
        #expect((1...4).map { labels.session(of: $0) } == ["flows-3", "flows-4", "flows-4", nil])
        #expect(labels.session(of: 1) == compiler.outcomes[0].request.id)
    }

    /// Outer packets over IPv6 are never sent in fragments.
    @Test(
        arguments: [
            ("192.0.2.9", "", nil, .fragment), ("192.0.2.9", "mtu=1400", 1364, .fragment),
            ("fd00::9", "", 1444, .cut), ("fd00::9", "mtu=9000 oversize=refuse", 8944, .refuse),
        ] as [(String, String, Int?, TapTunnel.Oversize)])
    func `a tunnel's longest frame is what the path takes, over IPv6 Ethernet's where that is not known`(
        address: String, fields: String, longest: Int?, oversize: TapTunnel.Oversize
    ) throws {
        var fixture = TapFixture(ports: .named("tap7", 7))
        try fixture.create(.services, "name=far remote_ip=\(address) vni=500 \(fields)")
        try fixture.create(.flows, "name=f port=tap7 tap_service=far")
        let sessions = fixture.compile().plan.sessions
        let tunnels = sessions.compactMap { session -> TapTunnel? in
            if case .tunnel(let tunnel) = session.destination { tunnel } else { nil }
        }
        #expect(tunnels.map(\.longestFrame) == [longest] && tunnels.map(\.oversize) == [oversize])
    }
}
