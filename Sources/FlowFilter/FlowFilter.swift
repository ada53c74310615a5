// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A condition on the lines of a flow log, in the words of pcap-filter(7) and nfdump(1) with AWS's names of fields:
/// `host 10.0.0.1 and dst port 22 and reject`. `docs/filters.md` describes the language.
///
/// A test of something that a line does not have does not hold: `dst port 22` never holds for NODATA, and
/// `not dst port 22` always does.
package struct FlowFilter: Equatable, Sendable, CustomStringConvertible {
    /// As it was written.
    package let description: String
    package let condition: FilterCondition

    /// - Parameter service: the port of a service's name, as in services(5); nil where the name is not known.
    package init(_ text: String, service: @escaping (String) -> UInt16? = { _ in nil }) throws(FilterError) {
        guard text.utf8.count <= Self.longest else {
            throw FilterError(
                column: 1, "a filter has at most \(Self.longest) bytes, and this one has \(text.utf8.count)")
        }
        var parser = FilterParser(try FilterToken.all(of: text), service: service)
        condition = try parser.whole()
        description = text
    }

    package func matches(_ entry: LogEntry) -> Bool { condition.holds(for: entry) }

    private static let longest = 65_536
}
