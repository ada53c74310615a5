// SPDX-License-Identifier: Apache-2.0

package import FlowExport
package import FlowModel

/// What holds for the interfaces whose name a pattern matches.
package struct PortRule: Equatable, Sendable {
    package var pattern: GlobPattern
    package var role = PortRole.guest
    package var hook = HookChoice.auto
    /// nil: native where the driver can, else generic.
    package var xdpMode: XDPMode?
    package var identity = PortIdentity()
    /// False: not measured, even if another source names them.
    package var isMeasured = true
    /// Which of its flows are written; nil: what holds for all.
    package var filter: LogFilter?
    /// By which a policy can name it.
    package var tags: [String] = []

    package init(pattern: GlobPattern) {
        self.pattern = pattern
    }
}

extension PortRule {
    /// The keys of a port's mapping.
    package static let keys = KeyTable<PortRule> {
        ConfigurationKey("match", \.pattern, .pattern, defaultText: "must be given", "the pattern")
        ConfigurationKey(
            "measure", \.isMeasured, .truth, "`false`: not measured, although Open vSwitch has it for a guest's")
        ConfigurationKey(
            "tags", \.tags, .tags, "by which a policy can name the port: a word, or a list of words")
        ConfigurationKey(
            "log", \.filter, .word, defaultText: "what stands above",
            "`all`, `accept` or `reject`: which of its flows are written")
        ConfigurationKey(
            "role", \.role, .choice(PortRole.allCases, named: { $0.name }),
            "`guest`: a VM is behind it; `uplink`: the world is")
        ConfigurationKey(
            "hook", \.hook, .word,
            """
            `tc`: TC in both directions; `xdp`: XDP for frames from the port ([xdp.md](xdp.md)), TC for frames to it; `xsk`: a port \
            that a switch reads, or will, through AF_XDP ([afxdp.md](afxdp.md)); `auto`: `xsk` where it does already, else `tc`
            """)
        ConfigurationKey(
            "xdp-mode", \.xdpMode, .choice(XDPMode.allCases, named: { $0.name }),
            defaultText: "what the driver can", "`native` or `generic`; not with `hook: tc`")
        ConfigurationKey(
            "interface-id", \.identity.interfaceID, .identifier,
            defaultText: "what Open vSwitch says, else the interface's name", "AWS's words for what is behind the port."
        )
        ConfigurationKey(
            "account-id", \.identity.accountID, .identifier, defaultText: "the key above", "its account")
        ConfigurationKey(
            "region", \.identity.region, .identifier, defaultText: "the key above", "its region")
        ConfigurationKey("vpc-id", \.identity.vpcID, .identifier, defaultText: "not known", "its network")
        ConfigurationKey("subnet-id", \.identity.subnetID, .identifier, defaultText: "not known", "its subnet")
        ConfigurationKey(
            "instance-id", \.identity.instanceID, .identifier, defaultText: "not known", "its machine")
        ConfigurationKey(
            "az-id", \.identity.availabilityZoneID, .identifier, defaultText: "not known",
            "its availability zone")
        ConfigurationKey(
            "instance-name", \.identity.instanceName, .name, defaultText: "not known", "what its machine is called")
        ConfigurationKey("project-id", \.identity.projectID, .identifier, defaultText: "not known", "its project")
        ConfigurationKey(
            "project-name", \.identity.projectName, .name, defaultText: "not known", "what its project is called")
    }

    /// Reads one entry of `ports`: a pattern, or a mapping with `match`.
    init(_ setting: Setting) throws(ConfigurationError) {
        guard setting.isMapping else {
            self.init(pattern: try setting.pattern())
            return
        }
        let entries = try Self.keys.entries(of: setting)
        guard let match = entries.first(where: { $0.key.name == "match" }) else {
            throw ConfigurationError(setting.place, "a port needs the key match, the pattern of its name, such as tap*")
        }
        self.init(pattern: try match.setting.pattern())
        for (key, setting) in entries { try key.read(setting).put(&self) }
        guard hook == .tc, let mode = entries.first(where: { $0.key.name == "xdp-mode" })?.setting else { return }
        throw ConfigurationError(
            mode.place, "\(mode.name) has no meaning with hook tc; leave it out, or set hook to xdp")
    }

    /// As it would be written: the pattern alone where nothing else is said.
    fileprivate var value: ConfigurationValue {
        let plain = PortRule(pattern: pattern)
        guard self != plain else { return .text(pattern.text) }
        let entries = Self.keys.keys.compactMap { key -> ConfigurationValue.Entry? in
            guard key.name == "match" || !key.isEqual(self, plain), let value = key.value(self) else { return nil }
            return ConfigurationValue.Entry(key: key.name, value: value)
        }
        return .mapping(entries)
    }
}

extension ValueForm<[PortRule]> {
    static var portRules: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                guard let elements = setting.elements else { throw setting.mustBe("a list of patterns or mappings") }
                var rules: [PortRule] = []
                for setting in elements { rules.append(try PortRule(setting)) }
                return rules
            }, write: { .list($0.map(\.value)) })
    }
}

extension ValueForm<[String]> {
    fileprivate static var tags: Self {
        Self(
            read: { setting throws(ConfigurationError) in try setting.identifiers("a tag, or a list of tags") },
            write: { $0.isEmpty ? nil : .list($0.map { .text($0) }) })
    }
}
