// SPDX-License-Identifier: Apache-2.0

/// A field of AWS's flow log format, in AWS's canonical order; the raw value is its name.
///
/// Source: Amazon VPC user guide, "Flow log records", available fields.
package enum AWSField: String, CaseIterable, Sendable {
    case version
    case accountID = "account-id"
    case interfaceID = "interface-id"
    case sourceAddress = "srcaddr"
    case destinationAddress = "dstaddr"
    case sourcePort = "srcport"
    case destinationPort = "dstport"
    case transport = "protocol"
    case packets
    case octets = "bytes"
    case start
    case end
    case action
    case logStatus = "log-status"
    case vpcID = "vpc-id"
    case subnetID = "subnet-id"
    case instanceID = "instance-id"
    case tcpFlags = "tcp-flags"
    case type
    case packetSourceAddress = "pkt-srcaddr"
    case packetDestinationAddress = "pkt-dstaddr"
    case region
    case availabilityZoneID = "az-id"
    case sublocationType = "sublocation-type"
    case sublocationID = "sublocation-id"
    case packetSourceService = "pkt-src-aws-service"
    case packetDestinationService = "pkt-dst-aws-service"
    case flowDirection = "flow-direction"
    case trafficPath = "traffic-path"
    case ecsClusterARN = "ecs-cluster-arn"
    case ecsClusterName = "ecs-cluster-name"
    case ecsContainerInstanceARN = "ecs-container-instance-arn"
    case ecsContainerInstanceID = "ecs-container-instance-id"
    case ecsContainerID = "ecs-container-id"
    case ecsSecondContainerID = "ecs-second-container-id"
    case ecsServiceName = "ecs-service-name"
    case ecsTaskDefinitionARN = "ecs-task-definition-arn"
    case ecsTaskARN = "ecs-task-arn"
    case ecsTaskID = "ecs-task-id"
    case rejectReason = "reject-reason"
    case resourceID = "resource-id"
    case encryptionStatus = "encryption-status"

    package var name: String { rawValue }

    /// The version of the format that brought the field.
    package var since: Int {
        switch self {
        case .version, .accountID, .interfaceID, .sourceAddress, .destinationAddress, .sourcePort, .destinationPort,
            .transport, .packets, .octets, .start, .end, .action, .logStatus:
            2
        case .vpcID, .subnetID, .instanceID, .tcpFlags, .type, .packetSourceAddress, .packetDestinationAddress: 3
        case .region, .availabilityZoneID, .sublocationType, .sublocationID: 4
        case .packetSourceService, .packetDestinationService, .flowDirection, .trafficPath: 5
        case .ecsClusterARN, .ecsClusterName, .ecsContainerInstanceARN, .ecsContainerInstanceID, .ecsContainerID,
            .ecsSecondContainerID, .ecsServiceName, .ecsTaskDefinitionARN, .ecsTaskARN, .ecsTaskID:
            7
        case .rejectReason: 8
        case .resourceID: 9
        case .encryptionStatus: 10
        }
    }
}
