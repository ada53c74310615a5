// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import Testing

/// The example records of the Amazon VPC user guide, byte for byte.
@Suite struct AWSGoldenRecordTests {
    @Test(arguments: zip(defaultEntries, defaultLines))
    func `The default format writes AWS's example records`(entry: LogEntry, line: String) {
        #expect(text(of: entry, in: .default) == line + "\n")
    }

    @Test(arguments: zip(connectionEntries, connectionLines))
    func `TCP flag sequences of a connection read as in AWS's examples`(entry: LogEntry, line: String) throws {
        let format = try AWSTextFormat(
            fieldList: """
                version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport \
                pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status
                """)
        #expect(text(of: entry, in: format) == line + "\n")
    }

    @Test func `At a gateway's interface the packet's address is not the interface's`() throws {
        let format = try AWSTextFormat(
            fieldList: """
                version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport \
                protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status
                """)
        let port = Entries.port(
            "eni-11111111111111111", account: "123456789010", vpc: "vpc-abcdefab012345678",
            subnet: "subnet-11111111aaaaaaaaa")
        let record = Entries.flow(
            "10.20.33.164", 39812, "10.40.2.236", 80, tcpFlags: 3, port: port,
            attribution: FlowAttribution(interfaceSource: IPAddress("10.40.1.175")))
        #expect(text(of: .flow(record), in: format) == gatewayLine + "\n")
    }

    @Test(arguments: zip(serviceEntries, serviceLines))
    func `Services, traffic path and direction read as in AWS's version 5 examples`(
        entry: LogEntry, line: String
    ) throws {
        let format = try AWSTextFormat(
            fieldList: """
                version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id \
                subnet-id instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags \
                pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status
                """)
        #expect(text(of: entry, in: format) == line + "\n")
    }
}

private func text(of entry: LogEntry, in format: AWSTextFormat) -> String {
    var bytes: [UInt8] = []
    format.append(entry, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

private let reject = Verdict.reject(.observed, reason: nil)

private let defaultEntries: [LogEntry] = [
    .flow(Entries.flow("172.31.16.139", 20641, "172.31.16.21", 22)),
    .flow(Entries.flow("172.31.9.69", 49761, "172.31.9.12", 3389, verdict: reject)),
    .noData(port: Entries.port(), window: Entries.window(1_431_280_876, 1_431_280_934)),
    .skipData(
        port: Entries.port("eni-11111111aaaaaaaaa"), window: Entries.window(1_431_280_876, 1_431_280_934),
        overflow: PacketCount(packets: 3, octets: 180)),
    // An echo request (type 8) and its reply (type 0).
    .flow(
        Entries.flow(
            "203.0.113.12", 8, "172.31.16.139", 0, transport: 1, packets: 4, octets: 336, first: 1_432_917_027,
            last: 1_432_917_142)),
    .flow(
        Entries.flow(
            "172.31.16.139", 0, "203.0.113.12", 0, transport: 1, packets: 4, octets: 336, first: 1_432_917_094,
            last: 1_432_917_142, verdict: reject, direction: .egress)),
    .flow(
        Entries.flow(
            "2001:db8:1234:a100:8d6e:3477:df66:f105", 34892, "2001:db8:1234:a102:3304:8879:34cf:4071", 22, packets: 54,
            octets: 8855, first: 1_477_913_708, last: 1_477_913_820)),
]

private let connectionEntries: [LogEntry] = [
    connection(inbound: true, 43416, packets: 8, octets: 568, first: 1_566_848_875, last: 1_566_848_933, flags: 2),
    connection(inbound: false, 43416, packets: 7, octets: 376, first: 1_566_848_875, last: 1_566_848_933, flags: 18),
    connection(
        inbound: false, 43418, packets: 1219, octets: 63388, first: 1_566_848_933, last: 1_566_849_113, flags: 1),
    connection(
        inbound: true, 43418, packets: 15774, octets: 23_294_588, first: 1_566_848_933, last: 1_566_849_113, flags: 1),
    connection(inbound: true, 43638, packets: 17, octets: 1260, first: 1_566_933_133, last: 1_566_933_193, flags: 3),
    connection(inbound: false, 43638, packets: 14, octets: 967, first: 1_566_933_133, last: 1_566_933_193, flags: 19),
]

/// A direction of a connection that 52.213.180.42 opened to port 5001 of the instance.
private func connection(
    inbound: Bool, _ clientPort: UInt16, packets: UInt64, octets: UInt64, first: Int64, last: Int64, flags: UInt8
) -> LogEntry {
    let port = Entries.port(
        vpc: "vpc-abcdefab012345678", subnet: "subnet-aaaaaaaa012345678", instance: "i-01234567890123456")
    let client = "52.213.180.42"
    let server = "10.0.0.62"
    return .flow(
        Entries.flow(
            inbound ? client : server, inbound ? clientPort : 5001, inbound ? server : client,
            inbound ? 5001 : clientPort, packets: packets, octets: octets, first: first, last: last, tcpFlags: flags,
            direction: inbound ? .ingress : .egress, port: port))
}

private let serviceEntries: [LogEntry] = {
    let port = Entries.port(
        account: "123456789012", vpc: "vpc-abcdefab012345678", subnet: "subnet-aaaaaaaa012345678",
        instance: "i-0c50d5961bcb2d47b", region: "ap-southeast-2", zone: "apse2-az3")
    return [
        .flow(
            Entries.flow(
                "52.95.128.179", 80, "10.0.0.71", 34210, packets: 14, octets: 15044, first: 1_616_729_292,
                last: 1_616_729_349, tcpFlags: 19, port: port, attribution: FlowAttribution(sourceService: "S3"))),
        .flow(
            Entries.flow(
                "10.0.0.71", 34210, "52.95.128.179", 80, packets: 7, octets: 471, first: 1_616_729_292,
                last: 1_616_729_349, tcpFlags: 3, direction: .egress, port: port,
                attribution: FlowAttribution(destinationService: "S3", trafficPath: 8))),
    ]
}()
