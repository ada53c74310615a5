// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension AWSTextFormat {
    /// No line of the flow is longer: every field in use is no longer than an address, or one of these names.
    func longestLine(_ record: FlowRecord) -> Int {
        longestLine(record.port) + length(record.attribution?.sourceService)
            + length(record.attribution?.destinationService) + length(record.verdict.rejectReason)
    }

    /// A field of a line that tells of a flow.
    func append(_ field: AWSField, of record: FlowRecord, to line: inout OutputSpan<UInt8>) {
        let key = record.key
        switch field {
        case .version: line.appendDecimal(UInt64(version))
        case .sourceAddress: line.appendAddress(record.attribution?.interfaceSource ?? key.source)
        case .destinationAddress: line.appendAddress(record.attribution?.interfaceDestination ?? key.destination)
        case .packetSourceAddress: line.appendAddress(key.source)
        case .packetDestinationAddress: line.appendAddress(key.destination)
        case .sourcePort: line.appendDecimal(UInt64(key.isICMP ? 0 : key.sourcePort))
        case .destinationPort: line.appendDecimal(UInt64(key.isICMP ? 0 : key.destinationPort))
        case .transport: line.appendDecimal(UInt64(key.transport))
        case .packets: line.appendDecimal(record.count.packets)
        case .octets: line.appendDecimal(record.count.octets)
        case .start: line.appendDecimal(record.first.seconds)
        case .end: line.appendDecimal(record.last.seconds)
        case .tcpFlags: line.appendDecimal(UInt64(key.transport == TransportNumber.tcp ? record.tcpFlags : 0))
        case .type: line.appendText(key.version.typeName)
        case .flowDirection: line.appendText(key.direction.name)
        case .action: line.appendText(record.verdict.action ?? "-")
        case .logStatus: line.appendText("OK")
        default: appendAttributed(field, of: record, to: &line)
        }
    }

    /// A field that the packets do not say.
    private func appendAttributed(_ field: AWSField, of record: FlowRecord, to line: inout OutputSpan<UInt8>) {
        let identity = record.port.identity
        switch field {
        case .accountID: line.appendWord(identity.accountID ?? "unknown")
        case .interfaceID: line.appendWord(identity.interfaceID ?? record.port.name)
        case .vpcID: line.appendWord(identity.vpcID ?? "-")
        case .subnetID: line.appendWord(identity.subnetID ?? "-")
        case .instanceID: line.appendWord(identity.instanceID ?? "-")
        case .region: line.appendWord(identity.region ?? "-")
        case .availabilityZoneID: line.appendWord(identity.availabilityZoneID ?? "-")
        case .sublocationType: line.appendWord(identity.sublocationType ?? "-")
        case .sublocationID: line.appendWord(identity.sublocationID ?? "-")
        case .packetSourceService: line.appendWord(record.attribution?.sourceService ?? "-")
        case .packetDestinationService: line.appendWord(record.attribution?.destinationService ?? "-")
        case .trafficPath: appendTrafficPath(record.attribution?.trafficPath, to: &line)
        case .rejectReason: line.appendWord(record.verdict.rejectReason ?? "-")
        default: line.append(UInt8(ascii: "-"))
        }
    }

    private func appendTrafficPath(_ path: Int?, to line: inout OutputSpan<UInt8>) {
        guard let path else { return line.append(UInt8(ascii: "-")) }
        line.appendDecimal(Int64(path))
    }
}
