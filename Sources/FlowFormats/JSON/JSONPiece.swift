// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Members that are the same in all lines of a port, as they stand together in a line.
enum JSONPiece: Int, CaseIterable {
    /// With the brace that opens the object.
    case owner
    case machine
    case place
    case portName
    case names

    func append(of port: Port, to bytes: inout [UInt8]) {
        let identity = port.identity
        switch self {
        case .owner:
            bytes.appendText("{\"version\":8")
            bytes.appendMember("account_id", identity.accountID)
            bytes.appendMember("interface_id", identity.interfaceID ?? port.name)
        case .machine:
            bytes.appendMember("vpc_id", identity.vpcID)
            bytes.appendMember("subnet_id", identity.subnetID)
            bytes.appendMember("instance_id", identity.instanceID)
        case .place:
            bytes.appendMember("region", identity.region)
            bytes.appendMember("az_id", identity.availabilityZoneID)
            bytes.appendMember("sublocation_type", identity.sublocationType)
            bytes.appendMember("sublocation_id", identity.sublocationID)
        case .portName:
            bytes.appendMember("port", port.name)
            guard let reason = port.coverage.interruption else { break }
            bytes.appendText(",\"incomplete\":true")
            bytes.appendMember("incomplete_reason", reason)
        case .names:
            bytes.appendMember("instance_name", identity.instanceName)
            bytes.appendMember("project_id", identity.projectID)
            bytes.appendMember("project_name", identity.projectName)
        }
    }
}

extension [UInt8] {
    /// The name is our own word and is not escaped. A value of nil writes nothing.
    fileprivate mutating func appendMember(_ name: String, _ value: String?) {
        guard let value else { return }
        appendText(",\"\(name)\":")
        appendJSONString(value)
    }
}
