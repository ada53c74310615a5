// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit

/// Lines of every kind, the same ones for the same seed.
struct RandomEntries {
    private var random: SplitMix64
    private let ports: [Port]
    private let rules = ["web/open", "a rule with blanks", "regel-ü"].map { RuleName($0) }
    private let reasons = ["NETFILTER_DROP", "no-route"].map { RejectReason($0) }
    var window = Window(
        number: 7, start: UnixTime(seconds: 1_795_774_500), end: UnixTime(seconds: 1_795_774_560), spansRestart: true)

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        ports = (1...5).map { number in
            let name = number == 5 ? "v\\xff" : "tap\(number)"
            let identity =
                number.isMultiple(of: 2)
                ? PortIdentity(
                    accountID: "123456789012", interfaceID: "eni-\(number)", vpcID: "vpc-1",
                    subnetID: "subnet-\(number)",
                    instanceID: "i-\(number)", region: "local-1", availabilityZoneID: "az1",
                    instanceName: "web, \(number)", projectID: "p-1", projectName: "shop \"ü\"")
                : PortIdentity()
            return Port(
                number: PortNumber(UInt16(number)), name: name, role: .guest, identity: identity,
                coverage: number == 3 ? .interrupted("its program was detached") : .whole)
        }
    }

    mutating func next(_ count: Int) -> [LogEntry] { (0..<count).map { _ in next() } }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

    private mutating func next() -> LogEntry {
        let port = ports[below(ports.count)]
        switch below(40) {
        case 0: return .noData(port: port, window: window)
        case 1: return .skipData(port: port, window: window, overflow: count())
        case 2, 3: return .unparsed(port: port, window: window, frames())
        default: return .flow(record(port))
        }
    }

    private mutating func count() -> PacketCount {
        PacketCount(packets: UInt64(below(1000) + 1), octets: UInt64(below(1 << below(62))))
    }

    private mutating func frames() -> UnparsedFrames {
        UnparsedFrames(
            direction: below(2) == 0 ? .ingress : .egress, reason: UnparsedReason.allCases[below(4)], count: count(),
            verdict: verdict(),
            sample: below(2) == 0 ? nil : FrameSample(length: 60, bytes: (0..<UInt8(below(60))).map { $0 &* 7 }))
    }

    private mutating func verdict() -> Verdict {
        let source = VerdictSource.allCases[below(VerdictSource.allCases.count)]
        switch below(4) {
        case 0: return .unknown
        case 1: return .accept(source, rule: below(2) == 0 ? nil : rules[below(rules.count)])
        case 2: return .reject(source, reason: reasons[below(reasons.count)], rule: rules[below(rules.count)])
        default: return .mixed(source)
        }
    }

    private mutating func address(isV4: Bool) -> IPAddress {
        isV4
            ? IPAddress(v4: 0x0A00_0000 + UInt32(below(300)))
            : IPAddress(v6High: 0x2001_0DB8 << 32, low: UInt64(below(300)))
    }

    private mutating func record(_ port: Port) -> FlowRecord {
        let isV4 = below(3) > 0
        let transport = [TransportNumber.tcp, TransportNumber.udp, TransportNumber.icmp, 47][below(4)]
        let isFragment = below(30) == 0
        let hasPorts =
            TransportNumber.hasPorts(transport) && !isFragment || transport == TransportNumber.icmp && !isFragment
        let key = FlowKey(
            port: port.number, direction: below(2) == 0 ? .ingress : .egress, vlanID: below(4) == 0 ? 100 : 0,
            innerVLANID: below(20) == 0 ? 7 : 0, transport: transport, source: address(isV4: isV4),
            destination: address(isV4: isV4), sourcePort: hasPorts ? UInt16(below(transport == 1 ? 256 : 65_536)) : 0,
            destinationPort: hasPorts ? UInt16(below(transport == 1 ? 16 : 1024)) : 0, isFragmentWithoutFlow: isFragment
        )
        let first = window.start.advanced(by: .milliseconds(below(60_000)))
        let isTCP = transport == TransportNumber.tcp
        var record = FlowRecord(
            port: port, window: window, key: key, count: count(), first: first,
            last: first.advanced(by: .milliseconds(below(1000))), tcpControlBits: isTCP ? UInt16(below(512)) : 0,
            tcpFlags: isTCP ? UInt8(below(32)) : 0, dscp: below(2) == 0 ? nil : UInt8(below(64)),
            sourceMAC: below(5) == 0 ? nil : MACAddress(0x5254_0000_0000 + UInt64(below(9))),
            destinationMAC: MACAddress(0x5254_0000_0100 + UInt64(below(9))), verdict: verdict(),
            observedAt: below(50) == 0 ? ports[0] : nil)
        record.hidesTCPFlags = isTCP && below(50) == 0
        if below(3) == 0 { record.sourceName = EndName("end \(below(5))") }
        if below(3) == 0 { record.destinationName = EndName("end, \"\(below(5))\"") }
        if below(20) == 0 {
            record.attribution = FlowAttribution(
                interfaceSource: address(isV4: isV4), sourceService: "S3",
                destinationService: below(2) == 0 ? "EC2" : nil,
                trafficPath: below(8))
        }
        return record
    }
}
