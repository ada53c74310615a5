// SPDX-License-Identifier: Apache-2.0

/// The rows of a database that are followed, as of its last update.
package struct OVSDBTables: Equatable, Sendable {
    package typealias Row = [String: OVSDBDatum]

    /// Rows by their uuids, by the names of their tables.
    private var tables: [String: [String: Row]] = [:]

    package init() {}

    package func rows(of table: String) -> [String: Row] { tables[table] ?? [:] }

    /// Takes a `<table-updates>` of RFC 7047 §4.1.6: rows that have come, have changed, or are gone.
    ///
    /// Throws for what is none, and has taken a part of it then.
    package mutating func take(_ updates: JSONValue) throws(OVSDBFailure) {
        guard let updates = updates.object else { throw .nonsense("an update that is no object") }
        for (table, update) in updates {
            guard let rows = update.object else { throw .nonsense("an update of \(table.quoted) that is no object") }
            for (uuid, change) in rows { try take(change, of: uuid, in: table) }
        }
    }

    private mutating func take(_ change: JSONValue, of uuid: String, in table: String) throws(OVSDBFailure) {
        guard let change = change.object else { throw .nonsense("a row of \(table.quoted) that is no object") }
        guard let new = change["new"] else {
            tables[table]?[uuid] = nil
            return
        }
        guard let columns = new.object else { throw .nonsense("a row of \(table.quoted) that is no object") }
        var row = tables[table]?[uuid] ?? [:]
        for (column, value) in columns {
            guard let datum = OVSDBDatum(value) else {
                throw .nonsense("no value of a column for \(column.quoted) of \(table.quoted)")
            }
            row[column] = datum
        }
        tables[table, default: [:]][uuid] = row
    }
}

extension String {
    /// Inside quotes, on one line and not too long: it comes from others and goes into a log.
    package var quoted: String {
        let short = count > 40 ? prefix(39) + "…" : self[...]
        let isPlain: (Unicode.Scalar) -> Bool = { $0.value >= 0x20 && $0.value != 0x7f }
        return "\"" + String(String.UnicodeScalarView(short.unicodeScalars.map { isPlain($0) ? $0 : " " })) + "\""
    }
}
