// SPDX-License-Identifier: Apache-2.0

import Yams

/// A value as somebody wrote it, with what is needed to complain about it.
struct Setting {
    /// What the writer called it: a key, a flag, a variable.
    let name: String
    /// nil if it does not come from a file.
    let place: ConfigurationPlace?
    let node: Node

    init(name: String, text: String) {
        self.name = name
        self.place = nil
        self.node = Node(text, Tag(.str))
    }

    init(name: String, node: Node, place: ConfigurationPlace?) {
        self.name = name
        self.node = node
        self.place = place
    }

    init(name: String, node: Node, file: String) {
        self.init(name: name, node: node, place: ConfigurationPlace(file: file, line: node.mark?.line ?? 1))
    }

    var isMapping: Bool { node.mapping != nil }

    /// True for a scalar with no text: `key:`.
    var isEmpty: Bool { node.scalar != nil && text == nil }

    /// The text of a scalar, or nil if it is something else or nothing.
    var text: String? {
        guard let scalar = node.scalar, node.tag != Tag(.null) else { return nil }
        return scalar.string
    }

    /// The complaint that every wrong value gets.
    func mustBe(_ allowed: String) -> ConfigurationError {
        ConfigurationError(place, "\(name) must be \(allowed), not \(found)")
    }

    private var found: String {
        switch node {
        case .mapping: "a mapping"
        case .sequence: "a list"
        default: text.map(quoted) ?? "empty"
        }
    }

    /// What the parser makes of the text; nil is a wrong value.
    func read<Value>(_ allowed: String, _ parse: (String) -> Value?) throws(ConfigurationError) -> Value {
        guard let text, let value = parse(text) else { throw mustBe(allowed) }
        return value
    }
}

/// Text inside quotes, on one line and not too long.
private func quoted(_ text: String) -> String {
    let short = text.count > 60 ? text.prefix(59) + "…" : text[...]
    return "\"\(short.map { $0.isNewline || $0 == "\t" ? " " : String($0) }.joined())\""
}

extension Setting {
    /// The entries of a mapping, in the order of the file; refuses a key that is not one of the type's.
    func entries<Key>(
        _ keys: Key.Type
    ) throws(ConfigurationError) -> [(key: Key, setting: Setting)]
    where Key: RawRepresentable<String> & CaseIterable {
        guard let mapping = node.mapping, let file = place?.file else {
            throw mustBe("a mapping of keys to values")
        }
        var entries: [(key: Key, setting: Setting)] = []
        for (keyNode, value) in mapping {
            let name = Setting(name: "a key", node: keyNode, file: file)
            let text = try name.read("text") { $0 }
            guard let key = Key(rawValue: text) else {
                throw ConfigurationError(name.place, unknownKey(text, among: Key.allCases.map(\.rawValue)))
            }
            entries.append((key, Setting(name: text, node: value, place: name.place)))
        }
        return entries
    }
}

private func unknownKey(_ text: String, among known: [String]) -> String {
    guard let nearest = nearestWord(to: text, among: known) else {
        return "unknown key \(quoted(text)); known are \(known.listed(by: "and"))"
    }
    return "unknown key \(quoted(text)); did you mean \(nearest)?"
}
