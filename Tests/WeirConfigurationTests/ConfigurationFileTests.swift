// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel
import Foundation
import OpenVSwitch
import Testing
import WeirConfiguration

@Suite("Configuration file")
struct ConfigurationFileTests {
    @Test("every key reaches the configuration")
    func everyKey() throws {
        let configuration = try read(
            """
            bpffs: /sys/fs/bpf/other
            state-dir: /srv/state
            socket: /run/other.sock
            ports:
              - tap*
              - match: "eth[0-3]"
                role: uplink
                hook: xdp
                xdp-mode: native
                account-id: 123456789012
                interface-id: eni-1
                vpc-id: vpc-1
                subnet-id: subnet-1
                instance-id: i-1
                region: us-east-1
                az-id: use1-az1
                instance-name: Web server 1
                project-id: 7f3c9a
                project-name: "Shop: Zürich"
            ovs: true
            ovs-rundir: /run/other
            ovs-control: /run/other/vswitchd.ctl
            ovs-bridges: [br-int, br-ex]
            ovs-verdicts: false
            ovs-trace-rate: 7
            interval: 5m
            flows: 1000
            log-dir: /srv/logs
            format: json
            fields: srcaddr  dstaddr
            layout: hive
            hourly: true
            publish-period: 1h
            file-size: 512KB
            account-id: 001234567890
            region: eu-north-1
            flow-log-id: fl-12345678
            stdout: true
            detach-on-exit: true
            """)
        var expected = Configuration(flowLogID: "fl-12345678")
        expected.bpffs = "/sys/fs/bpf/other"
        expected.stateDirectory = "/srv/state"
        expected.store = "/srv/state/flows"
        expected.socket = "/run/other.sock"
        expected.ports = try [PortRule(pattern: #require(GlobPattern("tap*"))), uplinkRule()]
        var choice = SwitchChoice()
        choice.runDirectory = "/run/other"
        choice.control = "/run/other/vswitchd.ctl"
        choice.bridges = ["br-int", "br-ex"]
        choice.judges = false
        choice.traceRate = 7
        expected.ovs = choice
        expected.interval = .seconds(300)
        expected.tables.flowBudget = 1000
        expected.logDirectory = "/srv/logs"
        expected.format = .json
        expected.fields = "srcaddr dstaddr"
        expected.layout = .hive
        expected.hourly = true
        expected.publishPeriod = .seconds(3600)
        expected.fileSize = 512_000
        expected.accountID = "001234567890"
        expected.region = "eu-north-1"
        expected.printsLines = true
        expected.detachesOnExit = true
        #expect(configuration == expected)
    }

    private func uplinkRule() throws -> PortRule {
        var rule = try PortRule(pattern: #require(GlobPattern("eth[0-3]")))
        rule.role = .uplink
        rule.hook = .xdp
        rule.xdpMode = .native
        rule.identity.accountID = "123456789012"
        rule.identity.interfaceID = "eni-1"
        rule.identity.vpcID = "vpc-1"
        rule.identity.subnetID = "subnet-1"
        rule.identity.instanceID = "i-1"
        rule.identity.region = "us-east-1"
        rule.identity.availabilityZoneID = "use1-az1"
        rule.identity.instanceName = "Web server 1"
        rule.identity.projectID = "7f3c9a"
        rule.identity.projectName = "Shop: Zürich"
        return rule
    }

    @Test(
        "a file that says nothing leaves the defaults", arguments: ["", "# nothing\n", "---\n", "\n\n", "~\n", "{}\n"])
    func nothing(text: String) throws {
        let configuration = try read(text)
        #expect(configuration == Configuration(layers: [], defaultFlowLogID: "fl-0"))
        #expect(configuration.interval == .seconds(60))
        #expect(configuration.publishPeriod == .seconds(300))
        #expect(configuration.fileSize == 75_000_000)
        #expect(configuration.tables == TableRequest())
    }

    @Test(
        "an interval is whole seconds as people write them",
        arguments: [("1", 1), ("60", 60), ("60s", 60), ("\"90\"", 90), ("5m", 300), ("1h", 3600), ("3600", 3600)])
    func interval(text: String, seconds: Int) throws {
        #expect(try read("interval: \(text)").interval == .seconds(seconds))
    }

    @Test(
        "a size is counted by thousands",
        arguments: [("1000", 1000), ("1KB", 1000), ("75MB", 75_000_000), ("5GB", 5_000_000_000)])
    func size(text: String, bytes: Int) throws {
        #expect(try read("file-size: \(text)").fileSize == bytes)
    }

    @Test(
        "a share is a percentage, with or without its sign",
        arguments: [("25", 0.25), ("25%", 0.25), ("1", 0.01), ("100%", 1)])
    func share(text: String, share: Double) throws {
        #expect(try read("port-share: \(text)").tables.portShare == share)
        for wrong in ["0", "101", "25 %%", "%", "0.25"] {
            let error = #expect(throws: ConfigurationError.self) { try read("port-share: \"\(wrong)\"") }
            #expect(
                error?.description
                    == "weir.yaml:1: port-share must be a percentage from 1 to 100, such as 25 or 25%, not \"\(wrong)\""
            )
        }
    }

    @Test("fields may be a list, or a folded text")
    func fields() throws {
        #expect(try read("fields: [version, srcaddr, dstaddr]").fields == "version srcaddr dstaddr")
        #expect(try read("fields:\n  - version\n  - srcaddr\n").fields == "version srcaddr")
        #expect(try read("fields: >\n  version\n  srcaddr\n").fields == "version srcaddr")
    }

    @Test("carriage returns and a byte order mark do no harm")
    func foreignText() throws {
        #expect(try read("\u{FEFF}flows: 5\r\ninterval: 7\r\n").tables.flowBudget == 5)
    }

    private func read(_ text: String) throws -> Configuration {
        let file = try ConfigurationFile(path: "weir.yaml", content: Data(text.utf8))
        return Configuration(
            layers: [try ConfigurationLayer(of: ConfigurationKeys.all, file)], defaultFlowLogID: "fl-0")
    }
}
