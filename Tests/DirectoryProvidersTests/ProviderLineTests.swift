// SPDX-License-Identifier: Apache-2.0

import FlowModel
import PortDirectory
import Testing

@testable import DirectoryProviders

@Suite struct ProviderLineTests {
    @Test func `a line has all that is known of an interface`() throws {
        let line = try ProviderLine(
            """
            {"interface": "tap7", "instance_id": "i-1", "instance_name": "web 1", "project_id": "p-1", "project_name": "Läden",  "interface_id": "eni-1", "account_id": "123456789012", "vpc_id": "vpc-1", \
            "subnet_id": "subnet-1", "region": "r1", "az_id": "r1-az1", "mac": "52:54:00:00:00:07", \
            "addresses": ["10.0.0.7", "fd00::7/64"], "tags": ["web", "front"], "measure": true, "colour": {"x": [1]}}
            """)
        var facts = PortFacts(
            identity: PortIdentity(
                accountID: "123456789012", interfaceID: "eni-1", vpcID: "vpc-1", subnetID: "subnet-1",
                instanceID: "i-1",
                region: "r1", availabilityZoneID: "r1-az1", instanceName: "web 1", projectID: "p-1",
                projectName: "Läden"),
            address: MACAddress(0x5254_0000_0007), tags: ["web", "front"], measuring: .whileListed)
        facts.addresses = [try #require(IPAddress("10.0.0.7")), try #require(IPAddress("fd00::7"))]
        #expect(line == .facts("tap7", facts))
    }

    @Test func `what is empty or null is not said`() throws {
        let line = try ProviderLine(
            #"{"interface": "tap7", "instance_id": "", "vpc_id": null, "tags": [], "measure": false}"#)
        #expect(line == .facts("tap7", PortFacts(measuring: .never)))
    }

    @Test func `an interface goes, and a list ends`() throws {
        #expect(try ProviderLine(#"{"interface": "tap7", "gone": true}"#) == .gone("tap7"))
        #expect(try ProviderLine(#"{"complete": true}"#) == .complete)
        #expect(try ProviderLine(#"{"interface": "tap7", "gone": false}"#) == .facts("tap7", PortFacts()))
    }

    @Test(arguments: [
        ("", "it is not a JSON object"), ("tap7", "it is not a JSON object"), ("[]", "it is not a JSON object"),
        (#"{"interface": "tap7""#, "it is not a JSON object"), ("{}", "it has no interface"),
        (#"{"interface": 7}"#, "interface must be a text"),
        (#"{"interface": "a/b"}"#, "interface is not the name of one: a/b"),
        (#"{"interface": "sixteen-bytes-xx"}"#, "interface is not the name of one: sixteen-bytes-xx"),
        (#"{"interface": ".."}"#, "interface is not the name of one: .."),
        (#"{"interface": "a\u001b/"}"#, #"interface is not the name of one: a\x1b/"#),
        (#"{"interface": "tap7", "measure": "yes"}"#, "measure must be true or false"),
        (#"{"interface": "tap7", "tags": "web"}"#, "tags must be a list of texts"),
        (#"{"interface": "tap7", "tags": [""]}"#, "a tag is empty"),
        (#"{"interface": "tap7", "instance_id": ["i"]}"#, "instance_id must be a text"),
        (
            #"{"interface": "tap7", "instance_id": "a b"}"#,
            "instance_id has other characters than letters, digits and . _ : -, or more than 128 of them"
        ),
        (
            #"{"interface": "tap7", "instance_name": "a\u0007"}"#,
            "instance_name has control characters, or more than 128 bytes"
        ),
        (#"{"interface": "tap7", "mac": "52:54"}"#, "mac is not six bytes such as 52:54:00:12:34:56"),
        (
            #"{"interface": "tap7", "addresses": ["10.0.0.256"]}"#,
            "addresses has one that is not an IP address: 10.0.0.256"
        ),
    ])
    func `what is no line is refused in a sentence`(json: String, sentence: String) {
        #expect(throws: ProviderLine.Refusal(description: sentence)) { try ProviderLine(json) }
    }
}
