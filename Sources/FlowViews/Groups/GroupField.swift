// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import FlowStore

/// A field by whose values records are put together: its name is AWS's with underscores, or Weir's own, as in JSON.
package enum GroupField: Hashable, Sendable {
    case column(FlowColumn)
    /// The machine behind the port: its name, its identifier, and where neither is known its port. See `StoreTotals.ofOwners`.
    case machine
    /// The project of the port: its name and its identifier.
    case project

    /// Those that its values are of, in this order.
    package var columns: [FlowColumn] {
        switch self {
        case .column(let column): [column]
        case .machine: [.instanceName, .instanceID, .port]
        case .project: [.projectName, .projectID]
        }
    }

    /// As JSON has it.
    package var name: String {
        switch self {
        case .column(let column): column.name
        case .machine: "vm"
        case .project: "project"
        }
    }

    /// At the head of a table.
    package var title: String { word == "interface" ? "INTERFACE" : name.uppercased() }

    /// As `--by` has it.
    package var word: String { self == .column(.port) ? "interface" : name }

    /// Columns whose values say what a record is of, not how much it is.
    private static let columns: [FlowColumn] = FlowColumn.allCases.filter { column in
        switch column {
        case .version, .packets, .octets, .start, .end, .firstMilliseconds, .lastMilliseconds, .overflowPackets,
            .overflowOctets, .sampleLength, .sample, .windowStart, .windowEnd, .windowSequence:
            false
        default: true
        }
    }

    /// Words of the filter language beside the names.
    private static let words: [String: GroupField] = [
        "interface": .column(.port), "vm": .machine, "project": .project, "proto": .column(.transport),
        "src": .column(.sourceAddress), "dst": .column(.destinationAddress), "vlan": .column(.vlanID),
        "reason": .column(.rejectReason), "direction": .column(.direction),
    ]

    /// Reads names with commas or blanks between them, spelt with `-` or `_`.
    package static func list(_ text: String) throws(GroupFieldError) -> [GroupField] {
        var fields: [GroupField] = []
        for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            let field = try one(String(word))
            guard !fields.contains(field) else { throw .twice(field.word) }
            fields.append(field)
        }
        guard !fields.isEmpty else { throw .none }
        guard fields.count <= most else { throw .tooMany(fields.count) }
        return fields
    }

    /// Fields of one grouping.
    static let most = 8

    private static func one(_ word: String) throws(GroupFieldError) -> GroupField {
        let name = word.lowercased().replacing("-", with: "_")
        if let field = words[name] ?? columns.first(where: { $0.name == name }).map(Self.column) { return field }
        if FlowColumn.allCases.contains(where: { $0.name == name }) { throw .quantity(name) }
        throw .unknown(word, nearest: nearest(to: name))
    }

    private static func nearest(to name: String) -> String? {
        // The distance is between words with dashes.
        let known = (words.keys.sorted() + columns.map(\.name)).map { $0.replacing("_", with: "-") }
        return nearestWord(to: name, among: known)?.replacing("-", with: "_")
    }
}

extension [GroupField] {
    /// What the store is asked for.
    package var columns: [FlowColumn] { flatMap(\.columns) }

    /// The values of a group by field.
    func split(_ values: [StoredValue]) -> [(field: GroupField, values: ArraySlice<StoredValue>)] {
        var rest = values[...]
        return map { field in
            defer { rest = rest.dropFirst(field.columns.count) }
            return (field, rest.prefix(field.columns.count))
        }
    }
}

/// Why a text names no fields to group by.
package enum GroupFieldError: Error, Equatable, CustomStringConvertible {
    case none
    case tooMany(Int)
    case twice(String)
    case quantity(String)
    case unknown(String, nearest: String?)

    package var description: String {
        switch self {
        case .none: "name at least one field to group by, such as srcaddr"
        case .tooMany(let count): "\(count) fields to group by are too many: name at most \(GroupField.most)"
        case .twice(let name): "the field \(name) is named twice: leave one of them out"
        case .quantity(let name): "\(name) cannot be grouped by: it says how much or when, not whose"
        case .unknown(let name, let nearest):
            "\"\(name)\" is not a field\(nearest.map { ": did you mean \($0)?" } ?? "; docs/reading.md lists them")"
        }
    }
}
