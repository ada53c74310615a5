// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Log entries that read like the line they become.
enum Entries {
    static func port(
        _ interface: String? = "eni-1235b8ca123456789", account: String? = "123456789010", vpc: String? = nil,
        subnet: String? = nil, instance: String? = nil, region: String? = nil, zone: String? = nil,
        sublocation: (type: String, id: String)? = nil, name: String = "tap7", instanceName: String? = nil,
        project: (id: String?, name: String?) = (nil, nil)
    ) -> Port {
        let identity = PortIdentity(
            accountID: account, interfaceID: interface, vpcID: vpc, subnetID: subnet, instanceID: instance,
            region: region, availabilityZoneID: zone, sublocationType: sublocation?.type,
            sublocationID: sublocation?.id, instanceName: instanceName, projectID: project.id, projectName: project.name
        )
        return Port(number: PortNumber(7), name: name, role: .guest, identity: identity)
    }

    static func window(_ start: Int64 = 1_700_000_000, _ end: Int64 = 1_700_000_060) -> Window {
        Window(number: 1, start: UnixTime(seconds: start), end: UnixTime(seconds: end))
    }

    static func flow(
        _ source: String, _ sourcePort: UInt16, _ destination: String, _ destinationPort: UInt16,
        transport: UInt8 = TransportNumber.tcp, packets: UInt64 = 20, octets: UInt64 = 4249,
        first: Int64 = 1_418_530_010, last: Int64 = 1_418_530_070, verdict: Verdict = .accept(.observed),
        tcpFlags: UInt8 = 0, direction: Direction = .ingress, port: Port = port(), attribution: FlowAttribution? = nil
    ) -> FlowRecord {
        guard let source = IPAddress(source), let destination = IPAddress(destination) else {
            preconditionFailure("\(source) or \(destination) is not an address")
        }
        let key = FlowKey(
            port: port.number, direction: direction, transport: transport, source: source, destination: destination,
            sourcePort: sourcePort, destinationPort: destinationPort)
        return FlowRecord(
            port: port, window: window(), key: key, count: PacketCount(packets: packets, octets: octets),
            first: UnixTime(seconds: first), last: UnixTime(seconds: last), tcpFlags: tcpFlags, verdict: verdict,
            attribution: attribution)
    }
}
