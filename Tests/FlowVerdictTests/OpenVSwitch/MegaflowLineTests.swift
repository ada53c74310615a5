// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import Testing

/// Lines that others have published, of both datapaths, with `-m` and without, and offloaded ones.
@Suite struct MegaflowLineTests {
    /// A megaflow of somebody else's switch, and what it says.
    struct Published: Sendable, CustomTestStringConvertible {
        let source: String
        let line: String
        let inPort: String
        let recirculation: UInt32
        var isDelivered = false
        var isDropped = false
        var isElsewhere = false
        var mayBeDelivered = false
        var continuations: [UInt32] = []

        var testDescription: String { "\(source), in_port \(inPort)" }
    }

    static let published = [
        Published(
            source: "ovn-org/ovn issue 207",
            line:
                "ufid:679aa52d-f823-4bea-9a72-751ee9625071, skb_priority(0/0),tunnel(tun_id=0x1,src=172.31.1.21,dst=172.31.5.23,ttl=0/0,tp_dst=6081,geneve({class=0x102,type=0x80,len=4,0x10002/0x7fffffff}),flags(+key)),skb_mark(0/0),ct_state(0/0x31),ct_zone(0/0),ct_mark(0/0x2),ct_label(0/0),recirc_id(0),dp_hash(0/0),in_port(genev_sys_6081),packet_type(ns=0/0,id=0/0),eth(src=ae:03:03:17:eb:df,dst=ae:cd:cd:04:d7:d4),eth_type(0x0800),ipv4(src=10.199.100.8/255.255.255.248,dst=172.31.6.0/255.255.254.0,proto=6,tos=0/0,ttl=63,frag=no),tcp(src=0/0,dst=0/0), packets:2, bytes:118, used:2.780s, offloaded:yes, dp:tc, actions:set(eth(src=ae:a9:a9:0c:6f:c8,dst=88:2a:5e:a9:30:ab)),set(ipv4(ttl=62)),ct(zone=6,nat),recirc(0xd0)",
            inPort: "genev_sys_6081", recirculation: 0, continuations: [0xd0]),
        Published(
            source: "kube-ovn documentation, offload",
            line:
                "ufid:91cc45de-e7e9-4935-8f82-1890430b0f66, skb_priority(0/0),skb_mark(0/0),ct_state(0/0x23),ct_zone(0/0),ct_mark(0/0),ct_label(0/0x1),recirc_id(0),dp_hash(0/0),in_port(5b45c61b307e_h),packet_type(ns=0/0,id=0/0),eth(src=00:00:00:c5:6d:4e,dst=00:00:00:e7:16:ce),eth_type(0x0800),ipv4(src=0.0.0.0/0.0.0.0,dst=0.0.0.0/0.0.0.0,proto=0/0,tos=0/0,ttl=0/0,frag=no), packets:941539, bytes:62142230, used:0.260s, offloaded:yes, dp:tc, actions:54235e5753b8_h",
            inPort: "5b45c61b307e_h", recirculation: 0, isDelivered: true),
        Published(
            source: "openvswitch/ovs-issues issue 248",
            line:
                "recirc_id(0),in_port(11),skb_mark(0),eth(src=fa:16:3e:8b:45:66,dst=fa:16:3e:6d:d9:53),eth_type(0x0800),ipv4(tos=0/0x3,frag=no), packets:18588510, bytes:1078134039, used:0.001s, flags:SFP., actions:set(tunnel(tun_id=0x2,src=192.168.4.13,dst=192.168.4.12,ttl=64,tp_dst=4792,flags(df|key))),3,36,push_vlan(vid=2,pcp=0),12,pop_vlan,33,21,7",
            inPort: "11", recirculation: 0, isDelivered: true),
        Published(
            source: "amorenoz/ovs-dbg issue 74",
            line:
                "ufid:7c2d7c8d-b933-4bf8-8434-87052c99798f, recirc_id(0),dp_hash(0/0),skb_priority(0/0),in_port(eth0),skb_mark(0/0),ct_state(0/0),ct_zone(0/0),ct_mark(0/0),ct_label(0/0),eth(src=00:00:00:00:00:00/00:00:00:00:00:00,dst=02:42:ac:12:00:03),eth_type(0x0800),ipv4(src=0.0.0.0/0.0.0.0,dst=0.0.0.0/0.0.0.0,proto=6,tos=0/0,ttl=0/0,frag=no),tcp(src=0/0,dst=0/0),tcp_flags(0/0), packets:2744565, bytes:1191318984, used:0.065s, flags:SFPR., dp:ovs, actions:ct(zone=64000),recirc(0x8)",
            inPort: "eth0", recirculation: 0, continuations: [8]),
        Published(
            source: "amorenoz/ovs-dbg issue 100",
            line:
                "recirc_id(0),in_port(1),eth(),eth_type(0x0800),ipv4(frag=no), packets:1, bytes:74, used:5.467s, flags:S, actions:br-link1,pop_vlan,ct,recirc(0x612),ct(zone=8),recirc(0x613), dp-extra-info:miniflow_bits(6,2)",
            inPort: "1", recirculation: 0, isDelivered: true, continuations: [0x612, 0x613]),
        Published(
            source: "openvswitch/ovs pull request 294",
            line:
                "in_port(2),eth(src=50:6b:4b:87:ed:1a,dst=01:80:c2:00:00:0e),eth_type(0x88cc), packets:0, bytes:0, used:8.370s, actions:drop",
            inPort: "2", recirculation: 0, isDropped: true),
        Published(
            source: "Open vSwitch documentation, topics/usdt and conntrack",
            line:
                "recirc_id(0x2a),in_port(3),ct_state(+new-est-rel-rpl-inv+trk),ct_label(0/0x1),eth(src=3a:25:93:71:79:d7,dst=0a:58:0a:f4:02:04),eth_type(0x0800),ipv4(dst=10.244.0.0/255.255.0.0,proto=6,frag=no), packets:543, bytes:40182, used:2.406s, flags:S, actions:ct(commit,zone=7,label=0/0x1),ct(zone=12,nat),recirc(0x2b)",
            inPort: "3", recirculation: 0x2a, continuations: [0x2b]),
        Published(
            source: "hzhou8, gist of megaflows, its end completed",
            line:
                "recirc_id(0),in_port(2),eth(src=00:1b:17:00:3d:26,dst=74:db:d1:80:6f:e0),eth_type(0x8100),vlan(vid=402,pcp=0),encap(eth_type(0x0800),ipv4(src=10.192.0.0/255.192.0.0,dst=10.148.196.42,proto=17,tos=0/0x3,ttl=120,frag=no),udp(dst=59964)), packets:0, bytes:0, used:never, actions:ct_clear,ct_clear,set(tunnel(tun_id=0xff021800000f,dst=10.30.74.66,ttl=64,tp_dst=7471,flags(df|csum|key))),set(eth(src=74:db:d1:80:f6:c2,dst=aa:aa:aa:00:00:01)),pop_vlan,4",
            inPort: "2", recirculation: 0, isDelivered: true),
        Published(
            source: "notes of a cluster whose gateway cuts packets, as one line",
            line:
                "recirc_id(0x17b61),in_port(6a700fedc3701_3),ct_state(0x2a/0x2f),eth_type(0x0800),ipv4(src=10.206.0.5,dst=10.224.0.0/255.224.0.0,ttl=64), packets:986, bytes:1, used:1s, actions:ct_clear,check_pkt_len(size=1414,gt(sample(sample=100.0%,actions(userspace(pid=0,controller(reason=1,dont_send=0))))),le(ct(zone=96),recirc(0x17b63)))",
            inPort: "6a700fedc3701_3", recirculation: 0x17b61, mayBeDelivered: true),
    ]

    @Test(arguments: published)
    func `what others have seen is read as it was meant`(_ published: Published) throws {
        let line = try #require(MegaflowLine(published.line))
        let match = MegaflowMatch(line.match)
        #expect(match.inPort == published.inPort && match.recirculation == published.recirculation)
        // A tunnel is none of the fields of a packet that a port of a guest sends.
        #expect(match.isOpaque == published.line.contains(",tunnel("))
        let outcome = DatapathOutcome(line.actions, inPort: match.inPort)
        #expect(outcome.isDelivered == published.isDelivered)
        #expect(outcome.isDropped == published.isDropped)
        #expect(outcome.isElsewhere == published.isElsewhere)
        #expect(outcome.mayBeDelivered == published.mayBeDelivered)
        #expect(outcome.continuations.map(\.recirculation) == published.continuations)
    }

    /// What is cut off anywhere before its actions is no megaflow, and none that matches more than the whole.
    @Test(arguments: published)
    func `a line that is cut is not read`(_ published: Published) throws {
        let whole = try #require(MegaflowLine(published.line))
        let end = try #require(published.line.firstRange(of: "actions:")).upperBound
        for index in published.line[..<end].indices {
            #expect(MegaflowLine(String(published.line[..<index])) == nil)
            // And with its beginning cut off, where that leaves a parenthesis without its partner.
            let rest = String(published.line[index...])
            if let read = MegaflowLine(rest) { #expect(whole.match.hasSuffix(read.match)) }
        }
    }

    @Test(arguments: [
        "recirc_id(0),in_port(1),eth_type(0x0800),ipv4(frag=no),wormhole(depth=7)",
        "recirc_id(0),in_port(1),eth_type(0x0800),ipv4(frag=no,flavour=3)",
        "recirc_id(0),in_port(1),eth_type(0x0800),ipv4(src=10.0.0.256)",
        "recirc_id(0),in_port(1),eth_type(0x0800/0x0f00),ipv4(frag=no)",
        "recirc_id(0),in_port(1),eth_type(0x0800),tcp(dst=80/0x10000)",
        "recirc_id(0),in_port(1),ct_state(+new+wonderful),eth_type(0x0800)",
        "recirc_id(0),in_port(1),packet_type(ns=1,id=0x800),ipv4(frag=no)",
        "recirc_id(0),in_port(1),tunnel(tun_id=0x2),eth_type(0x0800)",
        "recirc_id(0),in_port(1),encap(encap(encap(encap(encap(eth_type(0x0800))))))",
    ])
    func `what compares something that is not understood is known not to be`(match: String) {
        #expect(MegaflowMatch(match[...]).isOpaque)
    }

    @Test(arguments: [
        ("drop", true, false), ("1", false, true), ("\"tap,1\"", false, true), ("clone(drop)", true, false),
        ("clone(2)", false, true), ("ct(commit)", true, false), ("meter(0),2", false, true),
        ("userspace(pid=1,sFlow(vid=0,pcp=0,output=2),actions),2", false, true),
        ("check_pkt_len(size=200,gt(4),le(5))", false, true),
        ("check_pkt_len(size=200,gt(drop),le(5))", false, false),
        ("userspace(pid=0,slow_path(action))", false, false), ("userspace(pid=0,controller(reason=1))", false, false),
        ("sample(sample=10.0%,actions(3))", false, false), ("teleport(7)", false, false), ("in0", false, false),
        ("tnl_pop(4)", false, false), ("recirc(0x1)", false, false), ("set(eth(dst=", false, false),
        ("dec_ttl(le_1_actions(userspace(pid=1))),2", false, true),
    ])
    func `actions are a delivery, a drop, or not known`(actions: String, isDropped: Bool, isDelivered: Bool) {
        let outcome = DatapathOutcome(actions[...], inPort: "in0")
        #expect(outcome.isDropped == isDropped && outcome.isDelivered == isDelivered)
    }
}
