// SPDX-License-Identifier: Apache-2.0

/// What is in force after every source has had its say, and where each value comes from.
package struct MergedConfiguration<Root: Sendable>: Sendable {
    package let table: KeyTable<Root>
    package var root: Root
    var given: GivenKeys

    /// Where the value of a key comes from.
    package func source(of key: String) -> ConfigurationSource { given[key] ?? .defaultValue }

    /// Whether what is said of the first key counts for at least as much as what is said of the second.
    func decides(_ first: String, over second: String) -> Bool {
        source(of: first).precedence <= source(of: second).precedence
    }

    /// Every key as it is in force.
    package var shown: [ShownKey] {
        table.keys.map { ShownKey(name: $0.name, value: $0.value(root), source: source(of: $0.name)) }
    }
}

/// One key as it is in force.
package struct ShownKey: Equatable, Sendable {
    package let name: String
    /// nil where the key has no value.
    package let value: ConfigurationValue?
    package let source: ConfigurationSource
}

extension [ShownKey] {
    /// A configuration file that says what is in force, with the source of each value behind it. A key without a value is a comment.
    package var yaml: String {
        let lines = map { key in (key.value.map { $0.yaml(for: key.name) } ?? ["# \(key.name): none"], key.source) }
        let width = Swift.min(48, lines.map { $0.0[0].count }.max() ?? 0)
        return lines.map { lines, source in
            let first = lines[0] + String(repeating: " ", count: Swift.max(0, width - lines[0].count))
            return ["\(first)  # \(source)"] + lines.dropFirst()
        }.joined().joined(separator: "\n")
    }

    /// The same for JSON: an object of objects with `value` and `source`.
    package var json: [String: JSONKey] {
        Dictionary(uniqueKeysWithValues: map { ($0.name, JSONKey(shown: $0)) })
    }
}

/// A key in the output for other programs.
package struct JSONKey: Encodable {
    let shown: ShownKey

    private enum Key: String, CodingKey { case value }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(shown.value, forKey: .value)
        try shown.source.encode(to: encoder)
    }
}
