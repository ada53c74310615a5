// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// A field of a line that is a number; the raw value is its name, in AWS's spelling where AWS has it.
package enum NumberField: String, CaseIterable, Sendable {
    case sourcePort = "srcport"
    case destinationPort = "dstport"
    case transport = "protocol"
    case packets
    case octets = "bytes"
    case tcpFlags = "tcp-flags"
    case trafficPath = "traffic-path"
    case vlanID = "vlan-id"
    case innerVLANID = "inner-vlan-id"
    case icmpType = "icmp-type"
    case icmpCode = "icmp-code"
    case tcpControlBits = "tcp-control-bits"
    case dscp
    case overflowPackets = "overflow-packets"
    case overflowOctets = "overflow-bytes"

    /// nil where the line does not have it.
    func value(of entry: LogEntry) -> UInt64? {
        switch (self, entry) {
        case (_, .flow(let record)): value(of: record)
        case (.packets, .unparsed(_, _, let frames)): frames.count.packets
        case (.octets, .unparsed(_, _, let frames)): frames.count.octets
        case (.overflowPackets, .skipData(_, _, let overflow)): overflow.packets
        case (.overflowOctets, .skipData(_, _, let overflow)): overflow.octets
        default: nil
        }
    }

    private func value(of record: FlowRecord) -> UInt64? {
        let key = record.key
        switch self {
        case .sourcePort: return key.hasPorts ? UInt64(key.sourcePort) : nil
        case .destinationPort: return key.hasPorts ? UInt64(key.destinationPort) : nil
        case .transport: return UInt64(key.transport)
        case .packets: return record.count.packets
        case .octets: return record.count.octets
        case .tcpFlags: return key.transport == TransportNumber.tcp ? UInt64(record.tcpFlags) : nil
        case .tcpControlBits: return key.transport == TransportNumber.tcp ? UInt64(record.tcpControlBits) : nil
        case .trafficPath: return record.attribution?.trafficPath.flatMap { UInt64(exactly: $0) }
        case .vlanID: return key.vlanID == 0 ? nil : UInt64(key.vlanID)
        case .innerVLANID: return key.innerVLANID == 0 ? nil : UInt64(key.innerVLANID)
        case .icmpType: return key.hasICMP ? UInt64(key.sourcePort) : nil
        case .icmpCode: return key.hasICMP ? UInt64(key.destinationPort) : nil
        case .dscp: return record.dscp.map(UInt64.init)
        case .overflowPackets, .overflowOctets: return nil
        }
    }
}

extension FlowKey {
    fileprivate var hasICMP: Bool { isICMP && !isFragmentWithoutFlow }
}

/// A field of a line that is text; the raw value is its name, in AWS's spelling where AWS has it.
package enum TextField: String, CaseIterable, Sendable {
    case accountID = "account-id"
    case interfaceID = "interface-id"
    case vpcID = "vpc-id"
    case subnetID = "subnet-id"
    case instanceID = "instance-id"
    case region
    case availabilityZoneID = "az-id"
    case sublocationType = "sublocation-type"
    case sublocationID = "sublocation-id"
    case action
    case logStatus = "log-status"
    case type
    case direction = "flow-direction"
    case sourceService = "pkt-src-aws-service"
    case destinationService = "pkt-dst-aws-service"
    case rejectReason = "reject-reason"
    case rule
    case verdictSource = "verdict-source"
    case sourceMAC = "src-mac"
    case destinationMAC = "dst-mac"
    case unparsed
    case observedAt = "observed-at"
    case instanceName = "instance-name"
    case projectID = "project-id"
    case projectName = "project-name"
    case sourceName = "src-name"
    case destinationName = "dst-name"

    /// All values that it can have; nil where anything can stand in it.
    var words: [String]? {
        switch self {
        case .action: ["ACCEPT", "REJECT"]
        case .logStatus: ["OK", "NODATA", "SKIPDATA"]
        case .type: ["IPv4", "IPv6"]
        case .direction: ["ingress", "egress"]
        case .verdictSource: VerdictSource.allCases.map { "\($0.name)" }
        case .unparsed: UnparsedReason.allCases.map { "\($0.name)" }
        default: nil
        }
    }

    /// nil where the line does not have it.
    func value(of entry: LogEntry) -> String? {
        let identity = entry.port.identity
        switch self {
        case .accountID: return identity.accountID
        case .interfaceID: return identity.interfaceID ?? entry.port.name
        case .vpcID: return identity.vpcID
        case .subnetID: return identity.subnetID
        case .instanceID: return identity.instanceID
        case .region: return identity.region
        case .availabilityZoneID: return identity.availabilityZoneID
        case .sublocationType: return identity.sublocationType
        case .sublocationID: return identity.sublocationID
        case .instanceName: return identity.instanceName
        case .projectID: return identity.projectID
        case .projectName: return identity.projectName
        case .action: return entry.verdict?.action.word
        case .logStatus: return entry.logStatus
        case .direction: return entry.direction.map { $0 == .ingress ? "ingress" : "egress" }
        case .rejectReason: return entry.verdict?.reason?.text
        case .rule: return entry.verdict?.rule?.text
        case .verdictSource: return entry.verdict?.source.map { "\($0.name)" }
        case .unparsed:
            guard case .unparsed(_, _, let frames) = entry else { return nil }
            return "\(frames.reason.name)"
        case .type, .sourceService, .destinationService, .sourceMAC, .destinationMAC, .observedAt, .sourceName,
            .destinationName:
            guard case .flow(let record) = entry else { return nil }
            return value(of: record)
        }
    }

    private func value(of record: FlowRecord) -> String? {
        switch self {
        case .type: record.key.version == .v4 ? "IPv4" : "IPv6"
        case .sourceService: record.attribution?.sourceService
        case .destinationService: record.attribution?.destinationService
        case .sourceMAC: record.sourceMAC?.description
        case .destinationMAC: record.destinationMAC?.description
        case .observedAt: record.observedAt?.name
        case .sourceName: record.sourceName?.text
        case .destinationName: record.destinationName?.text
        default: nil
        }
    }
}

extension Verdict.Action {
    /// As AWS has it; nil where the action is not known, or not the same for all packets.
    fileprivate var word: String? {
        switch self {
        case .accept: "ACCEPT"
        case .reject: "REJECT"
        case .unknown, .mixed: nil
        }
    }
}

extension LogEntry {
    fileprivate var logStatus: String {
        switch self {
        case .flow, .unparsed: "OK"
        case .noData: "NODATA"
        case .skipData: "SKIPDATA"
        }
    }

    fileprivate var direction: Direction? {
        switch self {
        case .flow(let record): record.key.direction
        case .unparsed(_, _, let frames): frames.direction
        case .noData, .skipData: nil
        }
    }
}
