// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import TapService
import Testing

/// Files of AWS's CLI, in the form of the examples of its command reference (create-traffic-mirror-filter-rule, describe-traffic-mirror-filters,
/// create-traffic-mirror-session).
@Suite struct AWSTrafficMirrorTests {
    private static let described = """
        {"TrafficMirrorFilters": [{
            "TrafficMirrorFilterId": "tmf-0293f26e86EXAMPLE",
            "IngressFilterRules": [
                {"TrafficMirrorFilterRuleId": "tmfr-0ca76e0e08EXAMPLE", "TrafficMirrorFilterId": "tmf-0293f26e86EXAMPLE",
                 "TrafficDirection": "ingress", "RuleNumber": 100, "RuleAction": "accept", "Protocol": 6,
                 "DestinationCidrBlock": "10.0.0.0/24", "SourceCidrBlock": "10.0.0.0/24", "Description": "TCP Rule"}],
            "EgressFilterRules": [
                {"TrafficDirection": "egress", "RuleNumber": 1, "RuleAction": "reject", "Protocol": 17,
                 "DestinationPortRange": {"FromPort": 53, "ToPort": 54}, "SourcePortRange": {"FromPort": 1024},
                 "DestinationCidrBlock": "0.0.0.0/0", "SourceCidrBlock": "0.0.0.0/0"}],
            "NetworkServices": [], "Description": "TCP Filter", "Tags": [{"Key": "Name", "Value": "web"}]}]}
        """

    @Test func `a filter that describe-traffic-mirror-filters prints is taken as it is`() throws {
        let requests = try AWSTrafficMirror.filters(Data(Self.described.utf8))
        #expect(requests.count == 1)
        var fixture = TapFixture()
        try fixture.create(.filters, requests[0])
        let filter = fixture.book.filters[0]
        #expect(filter.name == "web" && filter.description == "TCP Filter")
        var (tcp, udp) = (TapRule(100, .accept), TapRule(1, .reject))
        (tcp.transport, tcp.source, tcp.destination) = (6, AddressPrefix("10.0.0.0/24"), AddressPrefix("10.0.0.0/24"))
        (udp.transport, udp.source, udp.destination) = (17, AddressPrefix("0.0.0.0/0"), AddressPrefix("0.0.0.0/0"))
        (udp.sourcePorts, udp.destinationPorts) = (1024...1024, 53...54)
        #expect(filter.rules(of: .ingress) == [tcp])
        #expect(filter.rules(of: .egress) == [udp])
        #expect(filter.rules[0].description == "TCP Rule")
    }

    @Test func `a filter and a rule of requests are taken, too`() throws {
        let filter = try AWSTrafficMirror.filters(
            Data(
                #"{"TrafficMirrorFilter": {"TrafficMirrorFilterId": "tmf-1", "IngressFilterRules": []}, "ClientToken": "x"}"#
                    .utf8))
        #expect(filter == [["name": .text("tmf-1"), "rules": .list([])]])
        let rule =
            #"{"TrafficMirrorFilterId": "tmf-1", "TrafficDirection": "ingress", "RuleNumber": 1, "RuleAction": "accept", "#
            + #""Protocol": 6, "DestinationCidrBlock": "10.0.0.0/24", "SourceCidrBlock": "10.0.0.0/24"}"#
        guard case .list(let rules)? = try AWSTrafficMirror.filters(Data(rule.utf8))[0]["rules"] else {
            Issue.record("there are no rules")
            return
        }
        #expect(try TapFilterRule.read(rules[0]).map(\.number) == [1])
    }

    @Test func `a session that create-traffic-mirror-session prints is a tap flow`() throws {
        let text = """
            {"TrafficMirrorSession": {"TrafficMirrorSessionId": "tms-08a33b1214EXAMPLE", "TrafficMirrorTargetId": "mon",
             "TrafficMirrorFilterId": "web", "NetworkInterfaceId": "eni-070203f901EXAMPLE", "OwnerId": "111122223333",
             "PacketLength": 25, "SessionNumber": 1, "VirtualNetworkId": 7159709, "Description": "example session", "Tags": []}}
            """
        let requests = try AWSTrafficMirror.sessions(Data(text.utf8))
        var port = TapPort.named("tap7", 7)
        port.identity.interfaceID = "eni-070203f901EXAMPLE"
        var fixture = TapFixture(ports: port)
        try fixture.create(.services, "name=mon remote_ip=192.0.2.9 vni=4")
        try fixture.create(.filters, try AWSTrafficMirror.filters(Data(Self.described.utf8))[0])
        try fixture.create(.flows, requests[0])
        let plan = fixture.compile().plan
        #expect(plan.sessions.map(\.packetLength) == [25])
        #expect(plan.sessions.map(\.destination) == [.tunnel(TapTunnel(to: IPAddress("192.0.2.9")!, vni: 7_159_709))])
        #expect(plan.uses.keys.map(\.rawValue) == [7])
    }

    @Test(arguments: [
        ("[]", "this is not a JSON object: write {\"name\": value, …}"),
        (
            "{\"Vpcs\": []}",
            "this has no TrafficMirrorFilter, TrafficMirrorFilters or TrafficMirrorFilterRules of AWS's CLI"
        ),
        (
            #"{"TrafficMirrorFilter": {"NetworkServices": ["amazon-dns"]}}"#,
            "NetworkServices (amazon-dns) names servers of AWS's: write a rule for your own DNS servers instead"
        ),
        (
            #"{"RuleNumber": 1, "Colour": "red"}"#,
            "a rule of a traffic mirror filter has no field Colour that is known here"
        ),
        (#"{"RuleNumber": 1, "SourcePortRange": 5}"#, "a range of ports is {\"FromPort\": 80, \"ToPort\": 90}, not 5"),
    ]) func `what is no filter of AWS's is refused with one sentence`(_ text: String, sentence: String) {
        #expect(TapFixture.refusal { _ = try AWSTrafficMirror.filters(Data(text.utf8)) } == sentence)
    }
}
