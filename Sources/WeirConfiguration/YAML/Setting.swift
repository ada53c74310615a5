// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Yams

/// A value as the operator wrote it, with what a complaint about it needs.
package struct Setting {
    /// What the operator called it: a key, a flag, a variable.
    package let name: String
    /// nil if it does not come from a file.
    package let place: ConfigurationPlace?
    let node: Node

    /// The text of a flag or a variable.
    package init(name: String, text: String) {
        self.init(name: name, node: Node(text, Tag(.str)), place: nil)
    }

    /// The texts of a flag that may be given again.
    package init(name: String, texts: [String]) {
        self.init(name: name, node: Node(texts.map { Node($0, Tag(.str)) }), place: nil)
    }

    init(name: String, node: Node, place: ConfigurationPlace?) {
        self.name = name
        self.node = node
        self.place = place
    }

    init(name: String, node: Node, file: String) {
        self.init(name: name, node: node, place: ConfigurationPlace(file: file, line: node.mark?.line ?? 1))
    }

    /// A part of this value, at its own line where there is a file.
    private func part(_ name: String, _ node: Node) -> Setting {
        guard let file = place?.file else { return Setting(name: name, node: node, place: nil) }
        return Setting(name: name, node: node, file: file)
    }

    /// The settings of a list; nil if it is none.
    package var elements: [Setting]? { node.sequence.map { $0.map { part(name, $0) } } }

    /// What a mapping has for a key.
    package subscript(key: String) -> Setting? { node.mapping?[key].map { part(key, $0) } }

    package var isMapping: Bool { node.mapping != nil }

    /// True for a scalar with no text: `key:`.
    var isEmpty: Bool { node.scalar != nil && text == nil }

    /// The text of a scalar, or nil if it is something else or nothing.
    package var text: String? {
        guard let scalar = node.scalar, node.tag != Tag(.null) else { return nil }
        return scalar.string
    }

    /// The complaint that every wrong value gets.
    package func mustBe(_ allowed: String) -> ConfigurationError {
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
    package func read<Value>(_ allowed: String, _ parse: (String) -> Value?) throws(ConfigurationError) -> Value {
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
    package func entries<Key>(
        _ keys: Key.Type
    ) throws(ConfigurationError) -> [(key: Key, setting: Setting)]
    where Key: RawRepresentable<String> & CaseIterable {
        let entries = try entries(Key.allCases.map(\.rawValue))
        return entries.compactMap { entry in Key(rawValue: entry.setting.name).map { ($0, entry.setting) } }
    }

    /// The entries of a mapping with their places among the known keys; refuses a key that is not one of them.
    func entries(_ known: [String]) throws(ConfigurationError) -> [(index: Int, setting: Setting)] {
        guard let mapping = node.mapping, let file = place?.file else {
            throw mustBe("a mapping of keys to values")
        }
        var entries: [(index: Int, setting: Setting)] = []
        for (keyNode, value) in mapping {
            let name = Setting(name: "a key", node: keyNode, file: file)
            let text = try name.read("text") { $0 }
            guard let index = known.firstIndex(of: text) else {
                throw ConfigurationError(name.place, unknownKey(text, among: known))
            }
            entries.append((index, Setting(name: text, node: value, place: name.place)))
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
