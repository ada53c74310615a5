// SPDX-License-Identifier: Apache-2.0

/// A value as it can stand in a configuration file.
package indirect enum ConfigurationValue: Equatable, Sendable {
    case text(String)
    case number(Int)
    case truth(Bool)
    case list([Self])
    case mapping([Entry])

    package struct Entry: Equatable, Sendable {
        package let key: String
        package let value: ConfigurationValue
    }
}

extension ConfigurationValue {
    /// The lines of a key with this value in YAML.
    func yaml(for key: String) -> [String] {
        guard case .list(let elements) = self, !elements.isEmpty else { return ["\(key): \(yaml)"] }
        return ["\(key):"] + elements.map { "  - \($0.yaml)" }
    }

    /// On one line.
    var yaml: String {
        switch self {
        case .text(let text): Self.scalar(text)
        case .number(let number): "\(number)"
        case .truth(let truth): "\(truth)"
        case .list(let elements): "[\(elements.map(\.yaml).joined(separator: ", "))]"
        case .mapping(let entries): "{\(entries.map { "\($0.key): \($0.value.yaml)" }.joined(separator: ", "))}"
        }
    }

    /// Whether YAML takes it for a text as it is. Not by a regular expression: each flag of `weir run` asks several times at its start.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return (isLetterOrDigit(first) || first == UInt8(ascii: "/")) && last != UInt8(ascii: " ")
            && text.utf8.allSatisfy { isLetterOrDigit($0) || "_.%@+*/ -".utf8.contains($0) }
            && text.lowercased() != "null"
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// A text, between quotation marks where YAML would take it for something else.
    private static func scalar(_ text: String) -> String {
        guard !isPlain(text) else { return text }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\\", "\"": "\\\(scalar)"
            case _ where scalar.properties.generalCategory == .control:
                "\\u" + String(scalar.value + 0x10000, radix: 16).dropFirst()
            default: "\(scalar)"
            }
        }
        return "\"\(escaped.joined())\""
    }
}

extension ConfigurationValue: Encodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .text(let text): try text.encode(to: encoder)
        case .number(let number): try number.encode(to: encoder)
        case .truth(let truth): try truth.encode(to: encoder)
        case .list(let elements): try elements.encode(to: encoder)
        case .mapping(let entries):
            var container = encoder.container(keyedBy: Name.self)
            for entry in entries { try container.encode(entry.value, forKey: Name(stringValue: entry.key)) }
        }
    }
}
