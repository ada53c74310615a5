// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowStore

/// Prints records as they come, or the last of them, as lines or as a table with a sum.
struct LinesPrinter {
    private let format: (any RecordFormat)?
    private var encoder: (any RecordEncoder)?
    private let table: TableFormat
    /// nil: all are printed, as they come.
    private var newest: NewestEntries?
    private var bytes: [UInt8] = []
    /// Of all records that were added.
    private var records = 0
    private var sum = PacketCount.zero
    private var hasHeader = false

    private static let enoughBytes = 1 << 16

    /// - Parameters:
    ///   - format: of the lines; nil: a table, which takes a `most`.
    ///   - most: of several only so many are printed, the newest; nil: all.
    init(_ format: (any RecordFormat)?, _ table: TableFormat, most: Int?) {
        self.format = format
        encoder = format?.makeEncoder()
        newest = most.map { NewestEntries(most: $0) }
        self.table = table
    }

    mutating func add(_ entry: LogEntry) throws {
        records += 1
        sum += entry.count
        if newest == nil { try print(entry) } else { newest?.add(entry) }
    }

    /// Prints what is held.
    ///
    /// - Parameter isLast: whether nothing comes any more.
    mutating func flush(isLast: Bool) throws {
        let shown = newest?.take() ?? []
        if format != nil {
            for entry in shown { try print(entry) }
            if isLast { printHeader() }
        } else if !shown.isEmpty || isLast {
            table.append(shown, to: &bytes)
        }
        if isLast, format == nil { bytes += Array(footer(shown.count).utf8) }
        try write()
    }

    private func footer(_ shown: Int) -> String {
        let text =
            "\(counted(records, "record")), \(counted(sum.packets, "packet")), \(HumanUnits.octets(sum.octets))"
        return shown < records ? "\(text); the last \(shown) are shown (--last)\n" : text + "\n"
    }

    private mutating func printHeader() {
        guard !hasHeader else { return }
        hasHeader = true
        format?.appendHeader(to: &bytes)
    }

    private mutating func print(_ entry: LogEntry) throws {
        printHeader()
        encoder?.append(entry, to: &bytes)
        if bytes.count > Self.enoughBytes { try write() }
    }

    private mutating func write() throws {
        guard !bytes.isEmpty else { return }
        try Output.write(bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}
