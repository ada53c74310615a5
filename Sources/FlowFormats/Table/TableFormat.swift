// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Flows for people: a table with a header line, columns as wide as their widest value.
///
/// Not a `RecordFormat`, since columns align only when all rows are known. The rows stand in the order given. A port
/// without traffic and skipped packets have a row each, told by the last column. Names stand in it
/// as `PrintableText` has them, so that none can speak to the terminal.
package struct TableFormat: Sendable {
    private let useColour: Bool
    private let startText: (@Sendable (UnixTime) -> String)?
    private let names: TableNames?

    /// - Parameters:
    ///   - startText: how the moment is written at which a line begins, in a column of its own; nil: there is none.
    ///   - names: nil: numbers of ports stay numbers, and interfaces go by their own names.
    package init(
        useColour: Bool, startText: (@Sendable (UnixTime) -> String)? = nil, names: TableNames? = nil
    ) {
        self.useColour = useColour
        self.startText = startText
        self.names = names
    }

    package func append(_ entries: [LogEntry], to bytes: inout [UInt8]) {
        let columns = TableColumn.allCases.filter { $0 != .start || startText != nil }
        let rows = entries.map { TableRow($0, start: startText, names) }
        let titles = columns.map(\.title)
        var widths = titles.map { $0.unicodeScalars.count }
        for row in rows {
            for column in widths.indices {
                widths[column] = max(widths[column], row.cells[column].unicodeScalars.count)
            }
        }
        appendLine(titles, columns, widths, colour: .bold, to: &bytes)
        for row in rows { appendLine(row.cells, columns, widths, colour: row.colour, to: &bytes) }
    }

    private func appendLine(
        _ cells: [String], _ columns: [TableColumn], _ widths: [Int], colour: TerminalColour?, to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        for (index, column) in columns.enumerated() {
            let cell = cells[index]
            let padding = String(repeating: " ", count: widths[index] - cell.unicodeScalars.count)
            if bytes.count > start { bytes.appendText("  ") }
            bytes.appendText(column.alignsRight ? padding + cell : cell + padding)
        }
        while bytes.count > start, bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
        if useColour, let colour {
            bytes.insert(contentsOf: colour.rawValue.utf8, at: start)
            bytes.appendText(TerminalColour.reset.rawValue)
        }
        bytes.append(UInt8(ascii: "\n"))
    }
}

/// Names that stand in a table for numbers, where there are any: of a machine for its interface, of a service for a port.
package struct TableNames: Sendable {
    /// The service of a port and a protocol, such as `tcp`.
    let service: @Sendable (_ port: UInt16, _ transport: String) -> String?

    package init(service: @escaping @Sendable (_ port: UInt16, _ transport: String) -> String?) {
        self.service = service
    }
}

extension TableFormat {
    /// Whether output goes where colour is wanted: a terminal, and NO_COLOR is unset or empty (no-color.org).
    package static func shouldUseColour(isTerminal: Bool, environment: [String: String]) -> Bool {
        isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// The order an operator mostly wants: most octets first, skipped packets by their octets, silent ports last.
    package static func mostOctetsFirst(_ entries: [LogEntry]) -> [LogEntry] {
        entries.sorted { $0.count.octets > $1.count.octets }
    }
}

/// How a terminal shows what follows (ECMA-48 §8.3.117, SGR).
enum TerminalColour: String {
    case bold = "\u{1B}[1m"
    case dim = "\u{1B}[2m"
    case red = "\u{1B}[31m"
    case yellow = "\u{1B}[33m"
    case reset = "\u{1B}[0m"
}
