// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Traffic mirror filters and sessions as the AWS CLI prints them, and as its requests have them: `--cli-input-json` of
/// create-traffic-mirror-filter(-rule), create-traffic-mirror-session, and what describe-… and create-… print.
package enum AWSTrafficMirror {
    /// A request for each filter in the file, as fields of a tap filter.
    package static func filters(_ json: Data) throws(TapError) -> [[String: TapJSON]] {
        let top = try TapJSON.object(json)
        let filters = objects(in: top, "TrafficMirrorFilters") ?? object(in: top, "TrafficMirrorFilter").map { [$0] }
        if let filters { return try filters.map { filter throws(TapError) in try self.filter(filter) } }
        // Rules alone, as describe-traffic-mirror-filter-rules and a request for one rule have them.
        guard let rules = objects(in: top, "TrafficMirrorFilterRules") ?? (top["RuleNumber"] == nil ? nil : [top])
        else {
            guard top["IngressFilterRules"] != nil || top["EgressFilterRules"] != nil || top["Description"] != nil
            else {
                throw TapError(
                    .wrong,
                    "this has no TrafficMirrorFilter, TrafficMirrorFilters or TrafficMirrorFilterRules of AWS's CLI")
            }
            return [try filter(top)]
        }
        return [try fields(name: nil, of: [:], rules: rules)]
    }

    private static func filter(_ filter: [String: TapJSON]) throws(TapError) -> [String: TapJSON] {
        if case .list(let services)? = filter["NetworkServices"], !services.isEmpty {
            throw TapError(
                .wrong,
                "NetworkServices (amazon-dns) names servers of AWS's: write a rule for your own DNS servers instead")
        }
        let rules = (objects(in: filter, "IngressFilterRules") ?? []) + (objects(in: filter, "EgressFilterRules") ?? [])
        return try fields(name: name(of: filter) ?? text(filter["TrafficMirrorFilterId"]), of: filter, rules: rules)
    }

    private static func fields(
        name: String?, of filter: [String: TapJSON], rules: [[String: TapJSON]]
    ) throws(TapError) -> [String: TapJSON] {
        var fields: [String: TapJSON] = [
            "rules": .list(try rules.map { rule throws(TapError) in .object(try self.rule(rule)) })
        ]
        fields["name"] = name.map { .text($0) }
        fields["description"] = filter["Description"]
        return fields
    }

    /// Every word that AWS has for a rule; another one is refused, since it might choose packets.
    private static func rule(_ rule: [String: TapJSON]) throws(TapError) -> [String: TapJSON] {
        var fields: [String: TapJSON] = [:]
        for (key, value) in rule {
            switch key {
            case "RuleNumber": fields["number"] = value
            case "RuleAction": fields["action"] = value
            case "TrafficDirection": fields["direction"] = value
            case "Protocol": fields["protocol"] = value
            case "SourceCidrBlock": fields["source"] = value
            case "DestinationCidrBlock": fields["destination"] = value
            case "SourcePortRange": fields["source_port"] = try range(value)
            case "DestinationPortRange": fields["destination_port"] = try range(value)
            case "Description": fields["description"] = value
            case "TrafficMirrorFilterRuleId", "TrafficMirrorFilterId", "Tags", "TagSpecifications", "ClientToken",
                "DryRun":
                break
            default: throw TapError(.wrong, "a rule of a traffic mirror filter has no field \(key) that is known here")
            }
        }
        return fields
    }

    private static func range(_ value: TapJSON) throws(TapError) -> TapJSON {
        guard case .object(let range) = value, case .number(let low)? = range["FromPort"] else {
            throw TapError(.wrong, "a range of ports is {\"FromPort\": 80, \"ToPort\": 90}, not \(value)")
        }
        guard case .number(let high)? = range["ToPort"] else { return .text("\(low)") }
        return .text("\(low)-\(high)")
    }

    /// A request for each session in the file, as fields of a tap flow. Targets, sources and filters stand as AWS names them: tap services and
    /// filters of these names must be there.
    package static func sessions(_ json: Data) throws(TapError) -> [[String: TapJSON]] {
        let top = try TapJSON.object(json)
        let sessions = objects(in: top, "TrafficMirrorSessions") ?? [object(in: top, "TrafficMirrorSession") ?? top]
        return try sessions.map { session throws(TapError) in try self.session(session) }
    }

    private static func session(_ session: [String: TapJSON]) throws(TapError) -> [String: TapJSON] {
        var fields: [String: TapJSON] = [:]
        for (key, value) in session {
            switch key {
            case "TrafficMirrorTargetId": fields["tap_service"] = value
            case "TrafficMirrorFilterId": fields["filter"] = value
            case "NetworkInterfaceId": fields["source_port"] = value
            case "PacketLength": fields["packet_length"] = value
            case "SessionNumber": fields["session_number"] = value
            case "VirtualNetworkId": fields["vni"] = value
            case "Description": fields["description"] = value
            case "TrafficMirrorSessionId", "OwnerId", "Tags", "TagSpecifications", "ClientToken", "DryRun": break
            default: throw TapError(.wrong, "a traffic mirror session has no field \(key) that is known here")
            }
        }
        guard fields["tap_service"] != nil, fields["source_port"] != nil else {
            throw TapError(
                .wrong, "a traffic mirror session of AWS's names NetworkInterfaceId and TrafficMirrorTargetId")
        }
        let name = name(of: session) ?? text(session["TrafficMirrorSessionId"])
        if let name { fields["name"] = .text(name) }
        return fields
    }
}

extension AWSTrafficMirror {
    private static func object(in top: [String: TapJSON], _ key: String) -> [String: TapJSON]? {
        if case .object(let object)? = top[key] { object } else { nil }
    }

    private static func objects(in top: [String: TapJSON], _ key: String) -> [[String: TapJSON]]? {
        guard case .list(let values)? = top[key] else { return nil }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }

    private static func text(_ value: TapJSON?) -> String? {
        if case .text(let text)? = value { text } else { nil }
    }

    /// AWS's objects are called by their tag Name.
    private static func name(of object: [String: TapJSON]) -> String? {
        let tags =
            objects(in: object, "Tags")
            ?? (objects(in: object, "TagSpecifications") ?? []).flatMap {
                objects(in: $0, "Tags") ?? []
            }
        return tags.first { text($0["Key"]) == "Name" }.flatMap { text($0["Value"]) }
    }
}
