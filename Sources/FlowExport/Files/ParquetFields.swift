// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
package import FlowStore

/// The columns of published Parquet files: those of AWS with AWS's names and types, and Weir's own.
package enum ParquetFields {
    /// All that Weir knows: what AWS has, then Weir's own.
    package static let all = ChosenColumn.all

    /// Reads names of AWS's fields, as AWS has them in text or in Parquet, and of Weir's own columns, separated by blanks or commas. A field of
    /// AWS that Weir has no value for is a column of nulls.
    ///
    /// `version` is the highest version among AWS's fields in the list.
    package static func columns(from text: some StringProtocol) throws(ParquetFieldError) -> [ChosenColumn] {
        var names: [String] = []
        for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            let isQuoted = word.hasPrefix("${") && word.hasSuffix("}")
            let bare = isQuoted ? String(word.dropFirst(2).dropLast()) : String(word)
            let name = bare.replacing("-", with: "_")
            guard known.contains(name) else {
                throw .unknown(name: bare, nearest: nearestWord(to: name, among: known))
            }
            guard !names.contains(name) else { throw .duplicate(name) }
            names.append(name)
        }
        guard !names.isEmpty else { throw .empty }
        let version = AWSField.allCases.filter { names.contains($0.columnName) }.map(\.since).max() ?? 2
        return names.map { column($0, version: version) }
    }

    private static let own = all.map(\.column.name)
    private static let known = own + AWSField.allCases.map(\.columnName).filter { !own.contains($0) }

    private static func column(_ name: String, version: Int) -> ChosenColumn {
        if name == AWSField.version.columnName { return .version(version) }
        if let known = all.first(where: { $0.column.name == name }) { return known }
        return .empty(name, name == AWSField.encryptionStatus.columnName ? .int32 : .string)
    }
}

extension AWSField {
    /// As AWS's Parquet files have it.
    fileprivate var columnName: String { name.replacing("-", with: "_") }
}

/// Why a text is not a list of columns.
package enum ParquetFieldError: Error, Equatable, CustomStringConvertible {
    case empty
    case unknown(name: String, nearest: String?)
    case duplicate(String)

    package var description: String {
        switch self {
        case .empty: "the list of columns is empty: name at least one, for example \"srcaddr dstaddr bytes\""
        case .unknown(let name, let nearest):
            "\"\(name)\" is neither a field of AWS flow logs nor a column of Weir's"
                + (nearest.map { ": did you mean \"\($0)\"?" } ?? "; docs/store.md has their names")
        case .duplicate(let name): "the column \"\(name)\" is named twice: leave one of them out"
        }
    }
}
