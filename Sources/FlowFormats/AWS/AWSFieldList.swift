// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Why a text is not a list of fields.
package enum FieldListError: Error, Equatable, CustomStringConvertible {
    case empty
    case unknown(name: String, nearest: AWSField)
    case duplicate(AWSField)

    package var description: String {
        switch self {
        case .empty:
            "The list of flow log fields is empty: name at least one, for example \"srcaddr dstaddr bytes\"."
        case .unknown(let name, let nearest):
            "\"\(name)\" is not a field of AWS flow logs: did you mean \"\(nearest.name)\"?"
        case .duplicate(let field):
            "The flow log field \"\(field.name)\" is named twice: leave one of them out."
        }
    }
}

extension AWSField {
    /// Reads the names of fields, separated by blanks or commas, plain or as AWS's tools write them: `${srcaddr}`.
    package static func list(from text: some StringProtocol) throws(FieldListError) -> [AWSField] {
        var fields: [AWSField] = []
        for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            let name = bareName(word)
            guard let field = AWSField(rawValue: name) else {
                throw .unknown(name: name, nearest: nearest(to: name))
            }
            guard !fields.contains(field) else { throw .duplicate(field) }
            fields.append(field)
        }
        guard !fields.isEmpty else { throw .empty }
        return fields
    }

    private static func bareName(_ word: some StringProtocol) -> String {
        guard word.hasPrefix("${"), word.hasSuffix("}") else { return String(word) }
        return String(word.dropFirst(2).dropLast())
    }

    private static func nearest(to name: String) -> AWSField {
        let plain = name.lowercased().replacing("_", with: "-")
        return allCases.min { editDistance($0.name, plain) < editDistance($1.name, plain) } ?? .version
    }
}
