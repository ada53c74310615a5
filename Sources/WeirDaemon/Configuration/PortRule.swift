// SPDX-License-Identifier: Apache-2.0

import BPF
package import FlowKernel
package import FlowModel

/// What holds for the interfaces whose name a pattern matches.
package struct PortRule: Equatable, Sendable {
    package var pattern: GlobPattern
    package var attach = AttachOptions()
    package var identity = PortIdentity()
    /// False: not measured, whoever else names them.
    package var isMeasured = true
    /// Which of its flows are written; nil: what holds for all.
    package var filter: LogFilter?
    /// By which a policy can name it.
    package var tags: [String] = []

    package init(pattern: GlobPattern) {
        self.pattern = pattern
    }
}

/// The keys of a port's mapping.
enum PortKey: String, CaseIterable {
    case match, measure, role, hook, log, tags
    case xdpMode = "xdp-mode"
    case accountID = "account-id"
    case interfaceID = "interface-id"
    case vpcID = "vpc-id"
    case subnetID = "subnet-id"
    case instanceID = "instance-id"
    case region
    case availabilityZoneID = "az-id"
}

extension PortRule {
    /// Reads one entry of `ports`: a pattern, or a mapping with `match`.
    init(_ setting: Setting) throws(ConfigurationError) {
        guard setting.isMapping else {
            self.init(pattern: try setting.pattern())
            return
        }
        let entries = try setting.entries(PortKey.self)
        guard let match = entries.first(where: { $0.key == .match }) else {
            throw ConfigurationError(setting.place, "a port needs the key match, the pattern of its name, such as tap*")
        }
        self.init(pattern: try match.setting.pattern())
        for (key, setting) in entries { try set(key, to: setting) }
        try checkMode(entries)
    }

    private mutating func set(_ key: PortKey, to setting: Setting) throws(ConfigurationError) {
        switch key {
        case .match: break
        case .measure: isMeasured = try setting.truth()
        case .role: attach.role = try setting.choice(PortRole.allCases, named: \.name)
        case .hook: attach.hook = try setting.choice(HookChoice.allCases, named: \.rawValue)
        case .tags: tags = try setting.identifiers("a tag, or a list of tags")
        case .log: filter = try setting.choice(LogFilter.allCases, named: \.rawValue)
        case .xdpMode: attach.xdpMode = try setting.choice(XDPMode.allCases, named: \.name)
        case .accountID: identity.accountID = try setting.identifier()
        case .interfaceID: identity.interfaceID = try setting.identifier()
        case .vpcID: identity.vpcID = try setting.identifier()
        case .subnetID: identity.subnetID = try setting.identifier()
        case .instanceID: identity.instanceID = try setting.identifier()
        case .region: identity.region = try setting.identifier()
        case .availabilityZoneID: identity.availabilityZoneID = try setting.identifier()
        }
    }

    private func checkMode(_ entries: [(key: PortKey, setting: Setting)]) throws(ConfigurationError) {
        guard attach.hook == .tc, let mode = entries.first(where: { $0.key == .xdpMode }) else { return }
        throw ConfigurationError(
            mode.setting.place, "\(mode.setting.name) has no meaning with hook tc; leave it out, or set hook to xdp")
    }
}
