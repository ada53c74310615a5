// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import Foundation
import HostVerdicts
import Testing
import WeirConfiguration

@Suite struct PolicyDocumentTests {
    private static func read(_ text: String) throws -> PolicyDocument {
        try PolicyDocument(path: "p", content: Data(text.utf8))
    }

    @Test func `types of frames that are not IP have names and numbers`() throws {
        let named = try Self.read("groups: []\nethertypes: [lldp, 0x88B5, llc, LLDP]\n")
        #expect(named.policy.etherTypes == [0x88CC, 0x88B5, 1])
        #expect(try Self.read("groups: []\nethertypes: pppoe-session\n").policy.etherTypes == [0x8864])
        #expect(try Self.read("groups: []\n").policy.etherTypes == [])
    }

    @Test(arguments: ["ipv4", "0x0800", "0x86dd", "0x0806", "0x8100", "0x88a8", "0x05ff", "0x10000", "2054", "-"])
    func `what is IP, ARP, a tag or no type is none that can be named`(type: String) {
        #expect {
            try Self.read("groups: []\nethertypes: [lldp, \(type == "-" ? "\"\"" : type)]\n")
        } throws: { error in
            "\(error)".hasPrefix("p:2: ethertypes must be a type such as 0x88cc, or one of lldp, llc, ")
        }
    }

    @Test func `no more types than the kernel has room for`() {
        let types = (0..<17).map { "0x\(String(0x9000 + $0, radix: 16))" }.joined(separator: ", ")
        #expect {
            try Self.read("groups: []\nethertypes: [\(types)]\n")
        } throws: { "\($0)" == "p:2: ethertypes has 17 types; 16 are the most" }
    }

    private static func ofRules(_ count: Int) -> String {
        "groups:\n  - name: a\n    rules:\n"
            + (0..<count).map {
                "      - {direction: ingress, remote-prefix: 10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)}\n"
            }
            .joined() + "ports: []\n"
    }

    /// Before anything is made of them: an operator would wait for minutes.
    @Test func `rules beyond the most are refused at the line of the first`() throws {
        let error = #expect(throws: ConfigurationError.self) { try Self.read(Self.ofRules(100_000)) }
        #expect(
            error?.description == """
                p:65539: the policy has more than 65535 rules, which are the most; summarise prefixes and ranges of ports
                """)
    }

    @Test func `an alias, a tab and a quote are explained as in the configuration`() {
        for (text, sentence) in [
            (
                "ports:\n  - match: *\n    groups: [a]",
                "p:2: * is an alias in YAML, which Weir does not take; write it between quotation marks: \"*\""
            ),
            ("groups:\n\t- name: a", "p:2: a tab indents this line; YAML allows blanks alone: replace it by blanks"),
            ("groups: 'a", "p:1: a quotation mark is opened here and not closed"),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try Self.read(text) }
            #expect(error?.description == sentence)
        }
    }

    @Test func `a file with every key`() throws {
        let document = try Self.read(
            """
            default-ingress: deny
            default-egress: deny
            groups:
              - name: web
                rules:
                  - name: https
                    direction: ingress
                    ethertype: IPv4
                    protocol: tcp
                    port-range: 443
                    remote-prefix: 10.0.0.0/8
                    action: allow
                    priority: 100
                  - direction: ingress
                    protocol: 6
                    port-range: 8000-8999
                    remote-group: db
                    stateful: false
                  - {direction: egress, protocol: any, action: deny}
              - name: db
                stateful: false
                rules:
                  - {direction: ingress, protocol: icmp, icmp-type: 3, icmp-code: 4}
                  - {direction: ingress, protocol: icmpv6, icmp-type: 128}
            ports:
              - match: tap*
                groups: [web]
                addresses: [10.0.0.5, "2001:db8::5"]
              - tag: databases
                groups: db
                mode: enforce
                force: true
                addresses: 10.0.0.9
            """)
        let web = document.policy.groups[0].rules
        #expect(document.policy.defaultIngress == .deny && document.policy.defaultEgress == .deny)
        #expect(
            web == [
                SecurityGroupRule(
                    name: "web/https", direction: .ingress, version: .v4, transport: 6, ends: .ports(443...443),
                    remote: .prefix(AddressPrefix(IPAddress(v4: 0x0a00_0000), length: 8)), priority: 100),
                SecurityGroupRule(
                    name: "web/2", direction: .ingress, transport: 6, ends: .ports(8000...8999), remote: .group("db"),
                    isStateful: false),
                SecurityGroupRule(name: "web/3", direction: .egress, action: .deny),
            ])
        #expect(
            document.policy.groups[1].rules == [
                SecurityGroupRule(
                    name: "db/1", direction: .ingress, transport: 1, ends: .icmp(type: 3, code: 4), isStateful: false),
                SecurityGroupRule(
                    name: "db/2", direction: .ingress, transport: 58, ends: .icmp(type: 128, code: nil),
                    isStateful: false),
            ])
        #expect(document.members["db"] == [IPAddress(v4: 0x0a00_0009)])
        #expect(document.members["web"]?.count == 2)
        let plain = try #require(document.choice(forPort: "tap1"))
        #expect(plain.groups == ["web"] && plain.mode == .audit && !plain.isForced)
        let both = try #require(document.choice(forPort: "tap1", tags: ["databases"]))
        #expect(both.groups == ["web", "db"] && both.mode == .enforce && both.isForced)
        #expect(document.choice(forPort: "eth0") == nil)
    }

    /// Line, key, reason.
    @Test(arguments: [
        ("", "p:1: the policy is empty; give it groups and ports"),
        ("group:\n", #"p:1: unknown key "group"; did you mean groups?"#),
        ("default-ingress: drop\n", #"p:1: default-ingress must be allow or deny, not "drop""#),
        ("groups: web\n", #"p:1: groups must be a list of groups, not "web""#),
        ("groups:\n  - rules: []\n", "p:2: a group needs the key name"),
        (
            "groups:\n  - name: default\n",
            "p:2: no group can be called default: that is what rules of the last resort belong to"
        ),
        ("groups:\n  - name: a\n  - name: a\n", "p:3: there are two groups with the name a"),
        (rule("protocol: tcp"), "p:4: a rule needs the key direction: ingress or egress"),
        (rule("direction: in"), #"p:4: direction must be ingress or egress, not "in""#),
        (
            rule("direction: ingress, protocol: tpc"),
            #"p:4: protocol must be any, a name such as tcp, udp or icmp, or a number from 0 to 255, not "tpc""#
        ),
        (
            rule("direction: ingress, port-range: 80"),
            "p:4: port-range needs a protocol that has ports, such as tcp or udp"
        ),
        (
            rule("direction: ingress, protocol: tcp, port-range: 90-80"),
            #"p:4: port-range must be a port, or two with a dash between them, the lower first, such as 443 or 8000-8999, not "90-80""#
        ),
        (rule("direction: ingress, protocol: tcp, icmp-type: 8"), "p:4: icmp-type needs the protocol icmp or icmpv6"),
        (rule("direction: ingress, protocol: icmp, icmp-code: 8"), "p:4: icmp-code needs icmp-type"),
        (
            rule("direction: ingress, remote-prefix: 10.0.0.1/8"),
            "p:4: remote-prefix has bits set behind its length; the network is 10.0.0.0/8"
        ),
        (
            rule("direction: ingress, remote-prefix: 10.0.0.0/33"),
            #"p:4: remote-prefix must be a network such as 10.0.0.0/8 or 2001:db8::/32, or an address, not "10.0.0.0/33""#
        ),
        (
            rule("direction: ingress, ethertype: IPv6, remote-prefix: 10.0.0.0/8"),
            "p:4: the rule can match no packet: ethertype, protocol and remote-prefix are of different IP versions"
        ),
        (
            rule("direction: ingress, remote-prefix: 10.0.0.0/8, remote-group: g"),
            "p:4: a rule takes remote-prefix or remote-group, not both"
        ),
        (rule("direction: ingress, remote-group: gg"), #"p:4: there is no group "gg"; did you mean g?"#),
        (rule("direction: ingress, priority: -1"), #"p:4: priority must be a whole number from 0 to 65535, not "-1""#),
        (
            rule("{direction: ingress, name: a}, {direction: ingress, name: a}", isList: true),
            "p:4: there are two rules with the name g/a"
        ),
        ("ports:\n  - match: tap*\n    groups: [weeb]\n", #"p:3: there is no group "weeb""#),
        ("ports:\n  - groups: []\n", "p:2: an entry of ports needs the key match, the pattern of its name, or tag"),
        ("ports:\n  - match: tap*\n    tag: a\n", "p:3: an entry of ports takes match or tag, not both"),
        ("ports:\n  - match: tap*\n    mode: on\n", #"p:3: mode must be audit or enforce, not "on""#),
        (
            "ports:\n  - match: tap*\n    addresses: [10.0.0.0/8]\n",
            #"p:3: addresses must be an IP address, such as 10.0.0.5 or 2001:db8::5, not "10.0.0.0/8""#
        ),
    ])
    func `what is wrong is said with its line`(text: String, sentence: String) {
        let error = #expect(throws: ConfigurationError.self) { try Self.read(text) }
        #expect(error?.description == sentence)
    }

    private static func rule(_ text: String, isList: Bool = false) -> String {
        "groups:\n  - name: g\n    rules:\n      \(isList ? "[\(text)]" : "- {\(text)}")\n"
    }
}
