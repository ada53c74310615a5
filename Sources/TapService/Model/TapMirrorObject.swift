// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// A port whose frames go to another host with a number for each direction: OpenStack's tap mirror. It is a tap service and up to two tap flows
/// in one object.
package struct TapMirrorObject: TapObject {
    package static let noun = "tap mirror"

    /// OpenStack's, and the one of tap services.
    package enum Kind: String, Codable, Sendable, CaseIterable { case erspanv1, gre, vxlan }

    package let id: String
    package var name = ""
    package var description = ""
    package var projectID: String?
    /// The source: the interface's name.
    package var portID = ""
    package var remoteIP = ""
    package var kind = Kind.erspanv1
    /// A number for each direction: of ERSPAN the session id, of GRE the key, of VXLAN the VNI.
    package var directions: [String: UInt32] = [:]
    package var filterID: String?
    package var sessionNumber: UInt16 = 0
    package var packetLength: Int?
    package var mostPacketsPerSecond: UInt64?
    package var mostBitsPerSecond: UInt64?
    package var allowsCrossAccount = false
    package let created: TapOwner
    package var updated: TapOwner?

    package init(id: String, created: TapOwner) {
        self.id = id
        self.created = created
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, description, directions, created, updated
        case projectID = "project_id"
        case portID = "port_id"
        case remoteIP = "remote_ip"
        case kind = "mirror_type"
        case filterID = "filter_id"
        case sessionNumber = "session_number"
        case packetLength = "packet_length"
        case mostPacketsPerSecond = "max_packets_per_second"
        case mostBitsPerSecond = "max_bits_per_second"
        case allowsCrossAccount = "allow_cross_account"
    }

    package mutating func take(_ fields: inout TapFields) throws(TapError) {
        try fields.take("name", into: &name, .name)
        try fields.take("description", into: &description, .description)
        try fields.take("project_id", "project", into: &projectID, .name)
        try fields.take("port_id", "port", into: &portID, .interface)
        try fields.take("remote_ip", into: &remoteIP, .remoteAddress)
        try fields.take("mirror_type", into: &kind, .word)
        try fields.take("filter_id", "filter", into: &filterID, .name)
        try fields.take("session_number", "session", into: &sessionNumber, .number(TapFlowObject.sessionNumbers))
        try fields.take("packet_length", into: &packetLength, .number(14...65_535))
        try fields.take("max_packets_per_second", into: &mostPacketsPerSecond, .rate)
        try fields.take("max_bits_per_second", into: &mostBitsPerSecond, .bitRate)
        try fields.take("allow_cross_account", into: &allowsCrossAccount, .truth)
        if let value = fields.take("directions") { directions = try Self.directions(value) }
    }

    private static func directions(_ value: TapJSON) throws(TapError) -> [String: UInt32] {
        guard case .object(let members) = value else {
            throw TapError(
                .wrong, "directions of a tap mirror are numbers by direction, such as IN=102 and OUT=103, not \(value)")
        }
        var numbers: [String: UInt32] = [:]
        for (word, value) in members {
            guard let way = TapReader<TapFlowObject.Way>.way.read(.text(word)), way != .both else {
                throw TapError(.wrong, "a direction of a tap mirror is IN or OUT, not \(word)")
            }
            guard let number = TapReader<UInt32>.vni.read(value) else {
                throw TapError(
                    .wrong,
                    "the number for \(way.rawValue) of a tap mirror must be \(TapReader<UInt32>.vni.form), not \(value)"
                )
            }
            numbers[way.rawValue] = number
        }
        return numbers
    }

    package func check() throws(TapError) {
        if name.isEmpty { throw TapError(.wrong, "a tap mirror needs a name (--name)") }
        if portID.isEmpty { throw TapError(.wrong, "\(title) needs a source port (--port)") }
        if remoteIP.isEmpty { throw TapError(.wrong, "\(title) needs the address of another host (--remote-ip)") }
        if directions.isEmpty {
            throw TapError(.wrong, "\(title) needs a number for a direction (--directions IN=102)")
        }
        if Set(directions.values).count < directions.count {
            throw TapError(
                .wrong,
                "\(title) has one number for both directions: give each its own, or make a tap service and a tap flow")
        }
        guard kind != .vxlan else { return }
        throw TapError(
            .wrong,
            "\(title) is of type \(kind.rawValue), which the programs of this version do not send: use --mirror-type vxlan, or a tap service with --remote-ip"
        )
    }
}

extension TapMirrorObject {
    /// The numbers by direction, ingress first.
    package var numbers: [(way: TapFlowObject.Way, vni: UInt32)] {
        [TapFlowObject.Way.ingress, .egress].compactMap { way in directions[way.rawValue].map { (way, $0) } }
    }

    package func tunnel(vni: UInt32, dscp: UInt8) -> TapTunnel? {
        IPAddress(remoteIP).map { address in
            var tunnel = TapTunnel(to: address, vni: vni)
            tunnel.dscp = dscp
            tunnel.setPath(mtu: nil, nil)
            return tunnel
        }
    }

    package var rate: TapRate {
        TapRate(packetsPerSecond: mostPacketsPerSecond, bytesPerSecond: mostBitsPerSecond.map { $0 / 8 })
    }
}
