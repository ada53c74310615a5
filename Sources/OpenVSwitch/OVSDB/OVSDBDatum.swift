// SPDX-License-Identifier: Apache-2.0

/// A value of a column (RFC 7047 §5.1): a set, of which a single value is one, or a map.
package enum OVSDBDatum: Equatable, Sendable {
    /// A single value.
    package enum Atom: Hashable, Sendable {
        case string(String)
        case integer(Int64)
        case real(Double)
        case bool(Bool)
        case uuid(String)
    }

    case set([Atom])
    case map([Atom: Atom])

    /// nil for what is no such value.
    package init?(_ value: JSONValue) {
        let parts = value.array ?? []
        switch (parts.first?.string, parts.count) {
        case ("set", 2):
            guard let atoms = Self.all(parts[1].array, { Atom($0) }) else { return nil }
            self = .set(atoms)
        case ("map", 2):
            guard let pairs = Self.all(parts[1].array, Self.pair) else { return nil }
            self = .map(Dictionary(pairs) { $1 })
        default:
            guard let atom = Atom(value) else { return nil }
            self = .set([atom])
        }
    }

    private static func pair(_ value: JSONValue) -> (Atom, Atom)? {
        guard let both = value.array, both.count == 2, let key = Atom(both[0]), let value = Atom(both[1]) else {
            return nil
        }
        return (key, value)
    }

    /// All of them, or nil.
    private static func all<Value>(_ values: [JSONValue]?, _ read: (JSONValue) -> Value?) -> [Value]? {
        guard let values else { return nil }
        let read = values.compactMap(read)
        return read.count == values.count ? read : nil
    }
}

extension OVSDBDatum.Atom {
    fileprivate init?(_ value: JSONValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .integer(let number): self = .integer(number)
        case .real(let number): self = .real(number)
        case .bool(let truth): self = .bool(truth)
        case .array(let parts):
            guard parts.count == 2, parts[0] == "uuid", let uuid = parts[1].string else { return nil }
            self = .uuid(uuid)
        case .null, .object: return nil
        }
    }
}

extension OVSDBDatum {
    /// The text, where there is exactly one.
    package var string: String? {
        if case .set(let atoms) = self, atoms.count == 1, case .string(let text) = atoms[0] { text } else { nil }
    }

    /// The number, where there is exactly one.
    package var integer: Int64? {
        if case .set(let atoms) = self, atoms.count == 1, case .integer(let number) = atoms[0] { number } else { nil }
    }

    /// The rows that it refers to.
    package var uuids: [String] {
        guard case .set(let atoms) = self else { return [] }
        return atoms.compactMap { if case .uuid(let uuid) = $0 { uuid } else { nil } }
    }

    /// The pairs of texts.
    package var strings: [String: String] {
        guard case .map(let pairs) = self else { return [:] }
        var strings: [String: String] = [:]
        for case (.string(let key), .string(let value)) in pairs { strings[key] = value }
        return strings
    }
}
