// SPDX-License-Identifier: Apache-2.0

package import FlowModel

extension NamedNetwork {
    /// The keys of a network's mapping.
    package static let keys = KeyTable<NamedNetwork> {
        ConfigurationKey(
            "prefix", \.prefix, .prefix, defaultText: "must be given",
            "its addresses, such as `10.0.0.0/8`, or one address")
        ConfigurationKey("name", \.name, .name, defaultText: "must be given", "what it is called")
    }

    static let blank = NamedNetwork(prefix: AddressPrefix(IPAddress(v4: 0), length: 32), name: "")

    /// Reads one entry of `networks`.
    fileprivate init(_ setting: Setting) throws(ConfigurationError) {
        let entries = try Self.keys.entries(of: setting)
        self = .blank
        for name in Self.keys.names where !entries.contains(where: { $0.key.name == name }) {
            throw ConfigurationError(setting.place, "a network needs the key \(name)")
        }
        for (key, setting) in entries { try key.read(setting).put(&self) }
    }

    fileprivate var value: ConfigurationValue {
        .mapping(
            Self.keys.keys.compactMap { key in
                key.value(self).map { ConfigurationValue.Entry(key: key.name, value: $0) }
            })
    }
}

extension ValueForm<[NamedNetwork]> {
    static var networks: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                guard let elements = setting.elements else { throw setting.mustBe("a list of mappings") }
                var networks: [NamedNetwork] = []
                for setting in elements { networks.append(try NamedNetwork(setting)) }
                return networks
            }, write: { $0.isEmpty ? nil : .list($0.map(\.value)) })
    }
}

extension ValueForm<AddressPrefix> {
    fileprivate static var prefix: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                try setting.read("a network such as 10.0.0.0/8 or fd00::/8, or an address") { AddressPrefix($0) }
            }, write: { .text($0.description) })
    }
}
