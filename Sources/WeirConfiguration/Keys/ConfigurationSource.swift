// SPDX-License-Identifier: Apache-2.0

/// Where a value comes from.
package enum ConfigurationSource: Equatable, Sendable {
    /// Nothing says anything of the key.
    case defaultValue
    case file(ConfigurationPlace)
    /// A variable by its name.
    case environment(String)
    /// A flag with its dashes.
    case flag(String)
}

extension ConfigurationSource: CustomStringConvertible {
    package var description: String {
        switch self {
        case .defaultValue: "default"
        case .file(let place): "\(place)"
        case .environment(let name), .flag(let name): name
        }
    }
}

extension ConfigurationSource: Encodable {
    private enum Key: String, CodingKey { case source, file, line, name }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .defaultValue: try container.encode("default", forKey: .source)
        case .file(let place):
            try container.encode("file", forKey: .source)
            try container.encode(place.file, forKey: .file)
            try container.encode(place.line, forKey: .line)
        case .environment(let name):
            try container.encode("environment", forKey: .source)
            try container.encode(name, forKey: .name)
        case .flag(let name):
            try container.encode("flag", forKey: .source)
            try container.encode(name, forKey: .name)
        }
    }
}

extension ConfigurationSource {
    /// Its place in the order in which sources decide: a flag is the first.
    var precedence: Int {
        switch self {
        case .flag: 0
        case .environment: 1
        case .file: 2
        case .defaultValue: 3
        }
    }
}
