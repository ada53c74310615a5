// SPDX-License-Identifier: Apache-2.0

import FlowModel
import TapService
import Testing

/// What a request may say of one object, and the sentence for each value that it may not.
@Suite struct TapObjectTests {
    private static func refusal(_ kind: TapKind, _ fields: String) -> String {
        TapFixture.refusal {
            var fixture = TapFixture(ports: .named("tap7", 7), .named("tap9", 9))
            try fixture.create(.services, "name=mon port=tap9")
            try fixture.create(.services, "name=far remote_ip=192.0.2.9 vni=500")
            try fixture.create(kind, fields)
        }
    }

    @Test(arguments: [
        ("port=tap9", "a tap service needs a name (--name)"),
        (
            "name=s",
            "tap service s has no destination: name a port of this host (--port) or another host's address (--remote-ip)"
        ),
        (
            "name=s port=a remote_ip=10.0.0.1 vni=1",
            "tap service s has two destinations: name a port (--port) or an address (--remote-ip), not both"
        ),
        (
            "name=s port=a vni=1",
            "tap service s needs both to get copies from other hosts: the VNI that they send with (--vni) and who they are (--peer)"
        ),
        (
            "name=s port=a dscp=1",
            "dscp of tap service s has a meaning only with --remote-ip: copies to a port have no outer header"
        ),
        ("name=s remote_ip=10.0.0.1", "tap service s needs a VNI (--vni) for the tunnel to 10.0.0.1"),
        (
            "name=s remote_ip=10.0.0.1 vni=16777216",
            "vni of a tap service must be a number from 1 to 16777215, not \"16777216\""
        ),
        ("name=s remote_ip=10.0.0.1 vni=0", "vni of a tap service must be a number from 1 to 16777215, not \"0\""),
        (
            "name=s remote_ip=224.0.0.1 vni=1",
            "remote_ip of a tap service must be the IP address of another host, not \"224.0.0.1\""
        ),
        (
            "name=s remote_ip=::1 vni=1",
            "remote_ip of a tap service must be the IP address of another host, not \"::1\""
        ),
        (
            "name=s remote_ip=host vni=1",
            "remote_ip of a tap service must be the IP address of another host, not \"host\""
        ),
        ("name=s remote_ip=10.0.0.1 vni=1 dscp=64", "dscp of a tap service must be a number from 0 to 63, not \"64\""),
        ("name=s remote_ip=10.0.0.1 vni=1 ttl=0", "ttl of a tap service must be a number from 1 to 255, not \"0\""),
        (
            "name=s remote_ip=fd00::9 vni=1 mtu=1500 oversize=fragment",
            "tap service s cannot get fragments: the kernel sends none of tunnels over IPv6; say cut or refuse (--oversize)"
        ),
        ("name=s port=a/b", "port_id of a tap service must be the name of an interface, not \"a/b\""),
        (
            "name=s port=a max_bits_per_second=7",
            "max_bits_per_second of a tap service must be a number from 8 to 10000000000000, not \"7\""
        ),
        ("name=s port=a prot=b", "a tap service has no field prot; port is meant, perhaps"),
        (
            "name=s port=a allow_cross_account=yes",
            "allow_cross_account of a tap service must be true or false, not \"yes\""
        ),
    ]) func `a tap service is refused with one sentence`(_ fields: String, sentence: String) {
        #expect(Self.refusal(.services, fields) == sentence)
    }

    @Test(arguments: [
        ("port=tap7 tap_service=mon", "a tap flow needs a name (--name)"),
        ("name=f port=tap7", "tap flow f needs a tap service (--tap-service)"),
        (
            "name=f tap_service=mon",
            "tap flow f has no source: name a port (--port), or choose ports by --tag, --source-project, --vm or --ports"
        ),
        ("name=f port=tap7 tap_service=mom", "there is no tap service mom; mon is meant, perhaps"),
        ("name=f port=tap7 tap_service=mon filter=web", "there is no tap filter web"),
        (
            "name=f port=tap7 tap_service=mon direction=UP",
            "direction of a tap flow must be IN, OUT or BOTH, not \"UP\""
        ),
        (
            "name=f port=tap7 tap_service=mon vlan_filter=5000",
            "vlan_filter of a tap flow must be VLAN ids from 0 to 4094 and ranges of them, such as 2,18-22 (0: no tag), not \"5000\""
        ),
        (
            "name=f port=tap7 tap_service=mon vlan_filter=22-18",
            "vlan_filter of a tap flow must be VLAN ids from 0 to 4094 and ranges of them, such as 2,18-22 (0: no tag), not \"22-18\""
        ),
        (
            "name=f port=tap7 tap_service=mon session=0",
            "session_number of a tap flow must be a number from 1 to 32766, not \"0\""
        ),
        (
            "name=f port=tap7 tap_service=mon session=32767",
            "session_number of a tap flow must be a number from 1 to 32766, not \"32767\""
        ),
        (
            "name=f port=tap7 tap_service=mon packet_length=13",
            "packet_length of a tap flow must be a number from 14 to 65535, not \"13\""
        ),
        (
            "name=f port=tap7 tap_service=mon first_packets=0",
            "first_packets of a tap flow must be a number from 1 to 4294967295, not \"0\""
        ),
        (
            "name=f port=tap7 tap_service=mon sampling=0",
            "sampling_rate of a tap flow must be a number from 1 to 16777216, not \"0\""
        ),
        (
            "name=f port=tap7 tap_service=mon sampling_mode=frame",
            "sampling_mode of a tap flow must be packet or flow, not \"frame\""
        ),
        (
            "name=f ports=[ tap_service=mon",
            "source_ports of a tap flow must be a pattern of interface names, such as tap*, not \"[\""
        ),
        (
            "name=f port=tap7 tap_service=mon vni=5",
            "tap flow f has a VNI, and tap service mon is a port of this host: leave out --vni"
        ),
        (
            "name=f port=tap7 tap_service=far vni=500",
            "VNI 500 of tap flow f is in use by tap service far: choose another one"
        ),
        (
            "name=f port=tap9 tap_service=mon",
            "tap flow f copies frames of tap9 to itself: choose another source or tap service"
        ),
    ]) func `a tap flow is refused with one sentence`(_ fields: String, sentence: String) {
        #expect(Self.refusal(.flows, fields) == sentence)
    }

    @Test(arguments: [
        ("name=m port=tap7 remote_ip=10.0.0.1", "tap mirror m needs a number for a direction (--directions IN=102)"),
        (
            "name=m port=tap7 remote_ip=10.0.0.1 mirror_type=vlan",
            "mirror_type of a tap mirror must be erspanv1, gre or vxlan, not \"vlan\""
        ),
        ("name=m remote_ip=10.0.0.1", "tap mirror m needs a source port (--port)"),
        ("name=m port=tap7", "tap mirror m needs the address of another host (--remote-ip)"),
    ]) func `a tap mirror is refused with one sentence`(_ fields: String, sentence: String) {
        #expect(Self.refusal(.mirrors, fields) == sentence)
    }

    @Test func `forms of tap mirrors that are not sent are refused, and VXLAN is taken`() throws {
        var fixture = TapFixture(ports: .named("tap7", 7))
        var fields = TapFixture.fields("name=m port=tap7 remote_ip=10.0.0.1")
        fields["directions"] = .object(["IN": .number(102), "out": .number(103)])
        #expect(
            TapFixture.refusal { try fixture.create(.mirrors, fields) }
                == "tap mirror m is of type erspanv1, which the programs of this version do not send: "
                + "use --mirror-type vxlan, or a tap service with --remote-ip")
        fields["mirror_type"] = .text("VXLAN")
        try fixture.create(.mirrors, fields)
        #expect(fixture.book.mirrors[0].numbers.map(\.vni) == [102, 103])
    }

    @Test(arguments: [
        ("action=accept,direction=IN", "a rule needs a number (number=1): the lowest decides first"),
        ("number=1,direction=IN", "rule 1 needs an action: accept or reject"),
        ("number=1,action=accept", "rule 1 needs a direction: IN, OUT or BOTH"),
        ("number=1,action=allow,direction=IN", "action of a rule must be accept or reject, not \"allow\""),
        ("number=0,action=accept,direction=IN", "number of a rule must be a number from 1 to 32766, not \"0\""),
        ("number=1,number=2", "the rule number=1,number=2 has number twice"),
        (
            "number=1,accept",
            "\"accept\" in the rule number=1,accept is not name=value; write number=1,action=accept,direction=OUT"
        ),
        (
            "number=1,action=accept,direction=IN,protocol=tpc",
            "protocol of a rule must be a protocol's name, such as tcp, or its number, 0 to 255, not \"tpc\""
        ),
        (
            "number=1,action=accept,direction=IN,source=10.0.0.0/33",
            "source of a rule must be an address or a network, such as 10.0.0.0/8, not \"10.0.0.0/33\""
        ),
        (
            "number=1,action=accept,direction=IN,source=10.0.0.1,destination=::/0",
            "rule 1 has a source and a destination of two IP versions: make it two rules"
        ),
        (
            "number=1,action=accept,direction=IN,destination-port=80",
            "rule 1 names ports, which only TCP, UDP, SCTP, DCCP and UDP-Lite have: name the protocol"
        ),
        (
            "number=1,action=accept,direction=IN,protocol=gre,destination-port=80",
            "rule 1 names ports, which only TCP, UDP, SCTP, DCCP and UDP-Lite have: name the protocol"
        ),
        (
            "number=1,action=accept,direction=IN,protocol=tcp,destination-port=90-80",
            "destination_port of a rule must be a port from 0 to 65535, or a range such as 80-90, not \"90-80\""
        ),
        (
            "number=1,action=accept,direction=IN,protocol=icmp,source-port=300",
            "rule 1 has ports of ICMP, which are its type and code: 0 to 255"
        ),
        (
            "number=1,action=accept,direction=IN,protocol=icmp,source=::/0",
            "rule 1 is of icmp, which is of the other IP version than its prefix"
        ),
        ("number=1,action=accept,direction=IN,tcp-flags=syn", "rule 1 names TCP flags: name the protocol, tcp"),
        (
            "number=1,action=accept,direction=IN,protocol=tcp,tcp-flags=ack/syn",
            "tcp_flags of a rule must be TCP flags, such as syn, or flags and mask, such as syn/syn+ack, not \"ack/syn\""
        ),
        (
            "number=1,action=accept,direction=IN,vlan=4095",
            "vlan of a rule must be a VLAN id from 0 to 4094, or a range such as 18-22 (0: no tag), not \"4095\""
        ),
        (
            "number=1,action=accept,direction=IN,verdict=drop",
            "verdict of a rule must be accept or reject, not \"drop\""
        ),
        ("number=1,action=accept,direction=IN,sport=1", "a rule has no field sport"),
    ]) func `a rule is refused with one sentence`(_ rule: String, sentence: String) {
        let refusal = TapFixture.refusal {
            var fixture = TapFixture()
            try fixture.create(.filters, "name=f", rules: rule)
        }
        #expect(refusal == sentence)
    }

    @Test func `an update changes what it names, and null takes away`() throws {
        var fixture = TapFixture(ports: .named("tap7", 7))
        try fixture.create(.services, "name=mon port=tap9")
        try fixture.create(.filters, "name=web", rules: "number=1,action=accept,direction=BOTH,protocol=tcp")
        try fixture.create(
            .flows, "name=f port=tap7 tap-service=mon direction=in filter=web session=5 packet-length=96")
        _ = try fixture.book.update(
            .flows, "f",
            ["packet_length": .null, "direction": .text("OUT"), "sampling": .number(8), "name": .text("g")],
            by: fixture.owner, in: fixture.host)
        let flow = fixture.book.flows[0]
        #expect(flow.name == "g" && flow.packetLength == nil && flow.direction == .egress && flow.sessionNumber == 5)
        #expect(flow.sampling == TapSampling(one: 8, perFlow: false) && flow.filterID == fixture.book.filters[0].id)
        #expect(flow.updated == fixture.owner && flow.created == fixture.owner)
        #expect(TapFixture.refusal { try fixture.update(.flows, "g", "session=x name=h") }.contains("session_number"))
        #expect(fixture.book.flows[0] == flow)
    }

    @Test func `rules of a filter are put in and taken out one by one`() throws {
        var fixture = TapFixture()
        try fixture.create(
            .filters, "name=f", rules: "number=1,action=accept,direction=OUT,protocol=tcp",
            "number=1,action=reject,direction=IN")
        try fixture.update(.filters, "f", "add_rule=number=2,action=accept,direction=BOTH remove_rule=OUT:1")
        #expect(
            fixture.book.filters[0].rules.map { "\($0.direction.rawValue):\($0.number)" } == ["IN:1", "IN:2", "OUT:2"])
        #expect(
            TapFixture.refusal { try fixture.update(.filters, "f", "remove_rule=9") } == "tap filter f has no rule 9")
        #expect(
            TapFixture.refusal { try fixture.update(.filters, "f", "add_rule=number=2,action=accept,direction=IN") }
                == "tap filter f has two rules of number 2 for IN: the lowest number decides first")
    }
}
