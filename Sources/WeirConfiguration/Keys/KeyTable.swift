// SPDX-License-Identifier: Apache-2.0

/// The keys of a mapping in the configuration, in the order of the documentation.
package struct KeyTable<Root: Sendable>: Sendable {
    package let keys: [ConfigurationKey<Root>]

    /// Traps where two keys have the same name.
    package init(@KeyTableBuilder<Root> _ keys: () -> [ConfigurationKey<Root>]) {
        self.keys = keys()
        precondition(Set(names).count == names.count, "two keys have the same name")
    }

    package var names: [String] { keys.map(\.name) }

    /// The key of a name. Traps where there is none: what the operator writes is looked up by `entries(of:)`.
    package subscript(name: String) -> ConfigurationKey<Root> {
        guard let key = keys.first(where: { $0.name == name }) else { preconditionFailure("no key is called \(name)") }
        return key
    }

    /// Some of the keys, for a command that has the flags of these only.
    package func only(_ names: String...) -> KeyTable {
        KeyTable { names.map { self[$0] } }
    }

    /// The entries of a mapping, in the order of the file; refuses a key that is not one of the table's.
    func entries(
        of setting: Setting
    ) throws(ConfigurationError) -> [(key: ConfigurationKey<Root>, setting: Setting)] {
        try setting.entries(names).map { (keys[$0.index], $0.setting) }
    }

    /// Asks the layers in turn, the one that decides first; what none says keeps its default.
    ///
    /// - Parameter defaults: a root with the default of every key.
    package func merge(_ layers: [ConfigurationLayer<Root>], over defaults: Root) -> MergedConfiguration<Root> {
        var (root, given) = (defaults, GivenKeys())
        for key in keys {
            guard let found = layers.lazy.compactMap({ $0.values[key.name] }).first else { continue }
            found.value.put(&root)
            given[key.name] = found.source
        }
        for key in keys where given[key.name] == nil { key.settle?(&root, given) }
        return MergedConfiguration(table: self, root: root, given: given)
    }
}

/// A list of keys, each of which the compiler checks for itself.
@resultBuilder
package enum KeyTableBuilder<Root: Sendable> {
    package static func buildExpression(_ key: ConfigurationKey<Root>) -> [ConfigurationKey<Root>] { [key] }
    package static func buildExpression(_ keys: [ConfigurationKey<Root>]) -> [ConfigurationKey<Root>] { keys }
    package static func buildBlock(_ keys: [ConfigurationKey<Root>]...) -> [ConfigurationKey<Root>] {
        keys.flatMap(\.self)
    }
}
