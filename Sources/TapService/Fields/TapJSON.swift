// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A value of JSON, as requests about taps have it.
package enum TapJSON: Equatable, Sendable {
    case null
    case truth(Bool)
    case number(Int64)
    case fraction(Double)
    case text(String)
    case list([TapJSON])
    case object([String: TapJSON])

    /// - Throws: where it is no object.
    package static func object(_ text: Data) throws(TapError) -> [String: TapJSON] {
        guard let value = try? JSONDecoder().decode(TapJSON.self, from: text), case .object(let members) = value else {
            throw TapError(.wrong, "this is not a JSON object: write {\"name\": value, …}")
        }
        return members
    }

    package var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array((try? encoder.encode(self)) ?? Data())
    }
}

extension TapJSON: CustomStringConvertible {
    /// As sentences quote it.
    package var description: String {
        switch self {
        case .null: "null"
        case .truth(let value): "\(value)"
        case .number(let value): "\(value)"
        case .fraction(let value): "\(value)"
        case .text(let text): "\"\(text.prefix(100))\""
        case .list: "a list"
        case .object: "an object"
        }
    }
}

extension TapJSON: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .truth(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .number(value)
        } else if let value = try? container.decode(Double.self) {
            self = .fraction(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([TapJSON].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: TapJSON].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .truth(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .fraction(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
