// SPDX-License-Identifier: Apache-2.0

/// What one source says: the flags, the environment, or a file.
package struct ConfigurationLayer<Root: Sendable>: Sendable {
    private let table: KeyTable<Root>
    private(set) var values: [String: (value: GivenValue<Root>, source: ConfigurationSource)] = [:]

    /// A layer that says nothing.
    package init(of table: KeyTable<Root>) { self.table = table }

    /// What the environment says. An empty variable says nothing.
    package init(of table: KeyTable<Root>, environment: [String: String]) throws(ConfigurationError) {
        self.init(of: table)
        for key in table.keys {
            guard let name = key.variable, let text = environment[name], !text.isEmpty else { continue }
            try set(key, to: Setting(name: name, text: text), from: .environment(name))
        }
    }

    /// What a file says. An empty file says nothing.
    package init(of table: KeyTable<Root>, _ file: ConfigurationFile) throws(ConfigurationError) {
        self.init(of: table)
        guard let root = try file.root() else { return }
        for (key, setting) in try table.entries(of: root) {
            try set(key, to: setting, from: setting.place.map { .file($0) } ?? .defaultValue)
        }
    }

    /// Takes the text of a flag, under the rules of its key.
    package mutating func set(_ name: String, flag text: String) throws(ConfigurationError) {
        try set(name, flags: [text])
    }

    /// Takes all texts of a flag, under the rules of its key: several, where it may be given again. None says nothing.
    package mutating func set(_ name: String, flags texts: [String]) throws(ConfigurationError) {
        guard let last = texts.last else { return }
        let key = table[name]
        let flag = key.flagText ?? "--\(name)"
        let isList = key.flag?.kind == .repeated
        try set(
            key, to: isList ? Setting(name: flag, texts: texts) : Setting(name: flag, text: last), from: .flag(flag))
    }

    private mutating func set(
        _ key: ConfigurationKey<Root>, to setting: Setting, from source: ConfigurationSource
    ) throws(ConfigurationError) {
        values[key.name] = (try key.read(setting), source)
    }
}
