// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// The lines of a row group in the order in which they are stored: by the port's name, then what was rejected, then by source and destination,
/// which makes runs.
///
/// Each member of a row has an array of its own, since columns are made one after the other: reading all rows once for each of sixty columns
/// would take most of the time.
struct SortedRows {
    let count: Int
    /// By place.
    let ports: [Port]
    let windows: [Window]
    let rules: TextDictionary
    let reasons: TextDictionary
    let sourceNames: TextDictionary
    let destinationNames: TextDictionary
    let macs: [MACAddress]
    let rest: [FlowRows.Rest]
    /// Of the addresses.
    let ranks: AddressRanks
    let sequence: Int64

    // By row, as the members of `FlowRows.Row`.
    private(set) var packets: [Int64] = []
    private(set) var octets: [Int64] = []
    private(set) var first: [Int64] = []
    private(set) var last: [Int64] = []
    private(set) var start: [Int64] = []
    private(set) var end: [Int64] = []
    /// Among the addresses, by their order; as are those that follow.
    private(set) var source: [UInt32] = []
    private(set) var destination: [UInt32] = []
    private(set) var interfaceSource: [UInt32] = []
    private(set) var interfaceDestination: [UInt32] = []
    private(set) var port: [UInt32] = []
    private(set) var window: [UInt32] = []
    private(set) var rule: [UInt32] = []
    private(set) var reason: [UInt32] = []
    private(set) var sourceName: [UInt32] = []
    private(set) var destinationName: [UInt32] = []
    private(set) var sourceMAC: [UInt32] = []
    private(set) var destinationMAC: [UInt32] = []
    private(set) var restPlace: [UInt32] = []
    private(set) var words: [FlowRows.Words] = []
    /// What at least one row has.
    private(set) var marks: FlowRows.Marks = []

    init(_ all: borrowing FlowRows) {
        count = all.count
        (ports, windows, macs, rest) = (all.ports, all.windows, all.macs, all.rest)
        (rules, reasons) = (all.rules.texts, all.reasons.texts)
        (sourceNames, destinationNames) = (all.sourceNames.texts, all.destinationNames.texts)
        sequence = all.sequence
        ranks = AddressRanks(all.addresses.addresses)
        fill(all.rows, Self.order(of: all.rows, all.ports, ranks))
    }

    private static func order(of rows: [FlowRows.Row], _ ports: [Port], _ ranks: AddressRanks) -> [UInt32] {
        // After all that have one.
        let none = UInt32(ranks.ranks.count)
        var (sources, destinations) = (
            [UInt32](repeating: none, count: rows.count), [UInt32](repeating: none, count: rows.count)
        )
        // The port and what is rejected, as one.
        var owners = [UInt32](repeating: 0, count: rows.count)
        let names = ports.indices.sorted { (ports[$0].name, $0) < (ports[$1].name, $1) }
        var portRanks = [UInt32](repeating: 0, count: ports.count)
        for (rank, place) in names.enumerated() { portRanks[place] = UInt32(rank) }
        for row in rows.indices {
            if rows[row].source != ColumnContent.noText { sources[row] = ranks.ranks[Int(rows[row].source)] }
            if rows[row].destination != ColumnContent.noText {
                destinations[row] = ranks.ranks[Int(rows[row].destination)]
            }
            let isRejected = rows[row].words.action == Verdict.Action.reject.rawValue
            owners[row] = portRanks[Int(rows[row].port)] * 2 + (isRejected ? 0 : 1)
        }
        var order = (0..<UInt32(rows.count)).map(\.self)
        order = CountingSort.sorted(order, keys: Int(none) + 1) { destinations[Int($0)] }
        order = CountingSort.sorted(order, keys: Int(none) + 1) { sources[Int($0)] }
        return CountingSort.sorted(order, keys: max(1, ports.count * 2)) { owners[Int($0)] }
    }

    private mutating func fill(_ rows: [FlowRows.Row], _ order: [UInt32]) {
        fillNumbers(rows, order)
        fillAddresses(rows, order)
        fillPlaces(rows, order)
        words = order.map { rows[Int($0)].words }
        for words in words { marks.formUnion(words.marks) }
    }

    // Appending to members took a fifth of the time of a record's way into the store; arrays of their length, written through spans, take less.

    private mutating func fillNumbers(_ rows: [FlowRows.Row], _ order: [UInt32]) {
        let empty = [Int64](repeating: 0, count: count)
        var (packets, octets, first, last, start, end) = (empty, empty, empty, empty, empty, empty)
        do {
            var packets = packets.mutableSpan
            var octets = octets.mutableSpan
            var first = first.mutableSpan
            var last = last.mutableSpan
            var start = start.mutableSpan
            var end = end.mutableSpan
            for place in order.indices {
                let row = rows[Int(order[place])]
                packets[place] = row.packets
                octets[place] = row.octets
                first[place] = row.first
                last[place] = row.last
                start[place] = row.start
                end[place] = row.end
            }
        }
        (self.packets, self.octets, self.first, self.last) = (packets, octets, first, last)
        (self.start, self.end) = (start, end)
    }

    private mutating func fillAddresses(_ rows: [FlowRows.Row], _ order: [UInt32]) {
        let ranks = ranks.ranks
        func rank(_ place: UInt32) -> UInt32 { place == ColumnContent.noText ? place : ranks[Int(place)] }
        let empty = [UInt32](repeating: 0, count: count)
        var (source, destination, interfaceSource, interfaceDestination) = (empty, empty, empty, empty)
        do {
            var source = source.mutableSpan
            var destination = destination.mutableSpan
            var interfaceSource = interfaceSource.mutableSpan
            var interfaceDestination = interfaceDestination.mutableSpan
            for place in order.indices {
                let row = rows[Int(order[place])]
                let (from, to) = (rank(row.source), rank(row.destination))
                source[place] = from
                destination[place] = to
                interfaceSource[place] = row.interfaceSource == row.source ? from : rank(row.interfaceSource)
                interfaceDestination[place] =
                    row.interfaceDestination == row.destination ? to : rank(row.interfaceDestination)
            }
        }
        (self.source, self.destination) = (source, destination)
        (self.interfaceSource, self.interfaceDestination) = (interfaceSource, interfaceDestination)
    }

    private mutating func fillPlaces(_ rows: [FlowRows.Row], _ order: [UInt32]) {
        let empty = [UInt32](repeating: 0, count: count)
        var (port, window, rule, reason, rest) = (empty, empty, empty, empty, empty)
        var (sourceName, destinationName, sourceMAC, destinationMAC) = (empty, empty, empty, empty)
        do {
            var port = port.mutableSpan
            var window = window.mutableSpan
            var rest = rest.mutableSpan
            var rule = rule.mutableSpan
            var reason = reason.mutableSpan
            var sourceName = sourceName.mutableSpan
            var destinationName = destinationName.mutableSpan
            var sourceMAC = sourceMAC.mutableSpan
            var destinationMAC = destinationMAC.mutableSpan
            for place in order.indices {
                let row = rows[Int(order[place])]
                port[place] = row.port
                window[place] = row.window
                rule[place] = row.rule
                reason[place] = row.reason
                sourceName[place] = row.sourceName
                destinationName[place] = row.destinationName
                sourceMAC[place] = row.sourceMAC
                destinationMAC[place] = row.destinationMAC
                rest[place] = row.rest
            }
        }
        (self.port, self.window, self.rule, self.reason) = (port, window, rule, reason)
        (self.sourceName, self.destinationName) = (sourceName, destinationName)
        (self.sourceMAC, self.destinationMAC, restPlace) = (sourceMAC, destinationMAC, rest)
    }
}
