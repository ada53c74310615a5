// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What is copied from which ports to which tap service. With its number it is what AWS calls a session.
package struct TapFlowObject: TapObject {
    package static let noun = "tap flow"

    /// As the machine behind the port sees it.
    package enum Way: String, Codable, Sendable, CaseIterable {
        case ingress = "IN"
        case egress = "OUT"
        case both = "BOTH"

        package var directions: [Direction] {
            switch self {
            case .ingress: [.ingress]
            case .egress: [.egress]
            case .both: [.ingress, .egress]
            }
        }
    }

    package enum SamplingMode: String, Codable, Sendable, CaseIterable { case packet, flow }

    package let id: String
    package var name = ""
    package var description = ""
    package var projectID: String?
    package var serviceID = ""
    private var sourcePort: String?
    private var sourceTag: String?
    private var sourceProject: String?
    private var sourceMachine: String?
    private var sourcePattern: String?
    package var direction = Way.both
    /// As OpenStack has it: `2,18-22`; 0 is a frame without a tag.
    package var vlanFilter: String?
    package var filterID: String?
    /// 0: not chosen yet.
    package var sessionNumber: UInt16 = 0
    package var packetLength: Int?
    package var firstPackets: UInt32?
    package var firstOctets: UInt64?
    /// One of so many.
    package var samplingRate: UInt32?
    package var samplingMode = SamplingMode.packet
    package var mostPacketsPerSecond: UInt64?
    package var mostBitsPerSecond: UInt64?
    /// In the place of the tap service's.
    package var vni: UInt32?
    package var isEnabled = true
    package var allowsCrossAccount = false
    package let created: TapOwner
    package var updated: TapOwner?

    package static let sessionNumbers: ClosedRange<UInt16> = 1...32_766

    package init(id: String, created: TapOwner) {
        self.id = id
        self.created = created
    }

    package var source: TapSource {
        get {
            var source = TapSource(port: sourcePort)
            (source.tag, source.project) = (sourceTag, sourceProject)
            (source.machine, source.pattern) = (sourceMachine, sourcePattern)
            return source
        }
        set {
            (sourcePort, sourceTag, sourceProject) = (newValue.port, newValue.tag, newValue.project)
            (sourceMachine, sourcePattern) = (newValue.machine, newValue.pattern)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, description, direction, vni, created, updated
        case projectID = "project_id"
        case serviceID = "tap_service_id"
        case sourcePort = "source_port"
        case sourceTag = "source_tag"
        case sourceProject = "source_project"
        case sourceMachine = "source_vm"
        case sourcePattern = "source_ports"
        case vlanFilter = "vlan_filter"
        case filterID = "filter_id"
        case sessionNumber = "session_number"
        case packetLength = "packet_length"
        case firstPackets = "first_packets"
        case firstOctets = "first_octets"
        case samplingRate = "sampling_rate"
        case samplingMode = "sampling_mode"
        case mostPacketsPerSecond = "max_packets_per_second"
        case mostBitsPerSecond = "max_bits_per_second"
        case isEnabled = "enabled"
        case allowsCrossAccount = "allow_cross_account"
    }

    /// The tap service and the filter stand as they were written: the book finds their ids.
    package mutating func take(_ fields: inout TapFields) throws(TapError) {
        try fields.take("name", into: &name, .name)
        try fields.take("description", into: &description, .description)
        try fields.take("project_id", "project", into: &projectID, .name)
        try fields.take("tap_service_id", "tap_service", into: &serviceID, .name)
        try source.take(&fields)
        try fields.take("direction", into: &direction, .word)
        try fields.take("vlan_filter", into: &vlanFilter, .vlanFilter)
        try fields.take("filter_id", "filter", into: &filterID, .name)
        try fields.take("session_number", "session", into: &sessionNumber, .number(Self.sessionNumbers))
        try fields.take("packet_length", into: &packetLength, .number(14...65_535))
        try fields.take("first_packets", into: &firstPackets, .number(1...UInt32.max))
        try fields.take("first_octets", into: &firstOctets, .number(1...1 << 62))
        try fields.take("sampling_rate", "sampling", into: &samplingRate, .number(1...1 << 24))
        try fields.take("sampling_mode", into: &samplingMode, .word)
        try fields.take("max_packets_per_second", into: &mostPacketsPerSecond, .rate)
        try fields.take("max_bits_per_second", into: &mostBitsPerSecond, .bitRate)
        try fields.take("vni", "virtual_network_id", into: &vni, .vni)
        try fields.take("enabled", "admin_state_up", into: &isEnabled, .truth)
        try fields.take("allow_cross_account", into: &allowsCrossAccount, .truth)
    }

    package func check() throws(TapError) {
        if name.isEmpty { throw TapError(.wrong, "a tap flow needs a name (--name)") }
        if serviceID.isEmpty { throw TapError(.wrong, "\(title) needs a tap service (--tap-service)") }
        if source.isEmpty {
            throw TapError(
                .wrong,
                "\(title) has no source: name a port (--port), or choose ports by --tag, --source-project, --vm or --ports"
            )
        }
    }
}

extension TapFlowObject {
    package var sampling: TapSampling? {
        samplingRate.flatMap { $0 > 1 ? TapSampling(one: $0, perFlow: samplingMode == .flow) : nil }
    }

    package var rate: TapRate {
        TapRate(packetsPerSecond: mostPacketsPerSecond, bytesPerSecond: mostBitsPerSecond.map { $0 / 8 })
    }

    /// nil: all.
    package var vlans: Set<UInt16>? { vlanFilter.flatMap(TapReader<String>.vlans) }
}

extension TapReader<String> {
    static var vlanFilter: Self {
        .text("VLAN ids from 0 to 4094 and ranges of them, such as 2,18-22 (0: no tag)") { text in
            vlans(text) == nil ? nil : text.filter { !$0.isWhitespace }
        }
    }

    fileprivate static func vlans(_ text: String) -> Set<UInt16>? {
        var ids: Set<UInt16> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let range = TapReader<ClosedRange<UInt16>>.range(String(part), within: 0...4094) else { return nil }
            ids.formUnion(range)
        }
        return ids
    }
}

extension TapReader<ClosedRange<UInt16>> {
    /// `80` or `80-90`.
    static func range(_ text: String, within bounds: ClosedRange<UInt16>) -> ClosedRange<UInt16>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map {
            UInt16($0.filter { !$0.isWhitespace })
        }
        guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1], low <= high,
            bounds.contains(low), bounds.contains(high)
        else { return nil }
        return low...high
    }
}
