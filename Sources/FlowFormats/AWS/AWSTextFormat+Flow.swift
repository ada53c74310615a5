// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension AWSTextFormat {
    /// A field of a line that tells of a flow.
    func append(_ field: AWSField, of record: FlowRecord, to bytes: inout [UInt8]) {
        let key = record.key
        switch field {
        case .version: bytes.appendDecimal(UInt(version))
        case .sourceAddress: bytes.appendAddress(record.attribution?.interfaceSource ?? key.source)
        case .destinationAddress: bytes.appendAddress(record.attribution?.interfaceDestination ?? key.destination)
        case .packetSourceAddress: bytes.appendAddress(key.source)
        case .packetDestinationAddress: bytes.appendAddress(key.destination)
        case .sourcePort: bytes.appendDecimal(key.isICMP ? 0 : key.sourcePort)
        case .destinationPort: bytes.appendDecimal(key.isICMP ? 0 : key.destinationPort)
        case .transport: bytes.appendDecimal(key.transport)
        case .packets: bytes.appendDecimal(record.count.packets)
        case .octets: bytes.appendDecimal(record.count.octets)
        case .start: bytes.appendDecimal(record.first.seconds)
        case .end: bytes.appendDecimal(record.last.seconds)
        case .tcpFlags: bytes.appendDecimal(key.transport == TransportNumber.tcp ? record.tcpFlags : 0)
        case .type: bytes.appendText(key.version.typeName)
        case .flowDirection: bytes.appendText(key.direction.name)
        case .action: bytes.appendText(record.verdict.action ?? "-")
        case .logStatus: bytes.appendText("OK")
        default: appendAttributed(field, of: record, to: &bytes)
        }
    }

    /// A field that the packets do not say.
    private func appendAttributed(_ field: AWSField, of record: FlowRecord, to bytes: inout [UInt8]) {
        let identity = record.port.identity
        switch field {
        case .accountID: bytes.appendWord(identity.accountID ?? "unknown")
        case .interfaceID: bytes.appendWord(identity.interfaceID ?? record.port.name)
        case .vpcID: bytes.appendWord(identity.vpcID ?? "-")
        case .subnetID: bytes.appendWord(identity.subnetID ?? "-")
        case .instanceID: bytes.appendWord(identity.instanceID ?? "-")
        case .region: bytes.appendWord(identity.region ?? "-")
        case .availabilityZoneID: bytes.appendWord(identity.availabilityZoneID ?? "-")
        case .sublocationType: bytes.appendWord(identity.sublocationType ?? "-")
        case .sublocationID: bytes.appendWord(identity.sublocationID ?? "-")
        case .packetSourceService: bytes.appendWord(record.attribution?.sourceService ?? "-")
        case .packetDestinationService: bytes.appendWord(record.attribution?.destinationService ?? "-")
        case .trafficPath: appendTrafficPath(record.attribution?.trafficPath, to: &bytes)
        case .rejectReason: bytes.appendWord(record.verdict.rejectReason ?? "-")
        default: bytes.append(UInt8(ascii: "-"))
        }
    }

    private func appendTrafficPath(_ path: Int?, to bytes: inout [UInt8]) {
        guard let path else { return bytes.append(UInt8(ascii: "-")) }
        bytes.appendDecimal(Int64(path))
    }
}
