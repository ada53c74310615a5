// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension FilterParser {
    private enum Comparison {
        case equal, notEqual, less, notMore, more, notLess
    }

    private mutating func comparison() -> Comparison? {
        if takes("=", "==", "eq") { return .equal }
        if takes("!=", "ne") { return .notEqual }
        if takes("<", "lt") { return .less }
        if takes("<=", "le") { return .notMore }
        if takes(">", "gt") { return .more }
        if takes(">=", "ge") { return .notLess }
        return nil
    }

    mutating func compared(_ field: NumberField) throws(FilterError) -> FilterCondition {
        let sign = next
        let comparison = comparison() ?? .equal
        if comparison == .equal || comparison == .notEqual {
            let numbers = try numbers(of: field)
            return .test(.number(field, comparison == .equal ? numbers : numbers.inverted))
        }
        let token = take()
        let range = try Self.numbers(token, field, service)
        guard range.lowerBound == range.upperBound else {
            throw FilterError(column: token.column, "\"\(sign.text)\" takes one number, not the range \(token.text)")
        }
        return .test(.number(field, NumberSet(Self.ranges(comparison, range.lowerBound))))
    }

    private static func ranges(_ comparison: Comparison, _ number: UInt64) -> [ClosedRange<UInt64>] {
        switch comparison {
        case .less: number == 0 ? [] : [0...number - 1]
        case .notMore: [0...number]
        case .more: number == .max ? [] : [number + 1...UInt64.max]
        case .notLess: [number...UInt64.max]
        case .equal, .notEqual: [number...number]
        }
    }

    mutating func compared(_ field: TextField) throws(FilterError) -> FilterCondition {
        let sign = next
        let comparison = comparison() ?? .equal
        guard comparison == .equal || comparison == .notEqual else {
            throw FilterError(column: sign.column, "\(field.rawValue) is text: compare it by =, != or in [...]")
        }
        let texts = try texts(of: "a value of \(field.rawValue)", field, isInverted: comparison == .notEqual)
        return .test(.text(field, texts))
    }

    /// `srcaddr = 10.0.0.1`: of the addresses as AWS has them.
    mutating func comparedAddresses(_ test: ([AddressPrefix]) -> FilterTest) throws(FilterError) -> FilterCondition {
        let sign = next
        let comparison = comparison() ?? .equal
        guard comparison == .equal || comparison == .notEqual else {
            throw FilterError(column: sign.column, "addresses are compared by =, != or in [...]")
        }
        let condition = FilterCondition.test(test(try values { token throws(FilterError) in try Self.prefix(token) }))
        return comparison == .equal
            ? condition : .all([.not(condition), .test(.text(.type, TextSet(literal: ["IPv4", "IPv6"])))])
    }

    mutating func numbers(of field: NumberField) throws(FilterError) -> NumberSet {
        let service = service
        return NumberSet(try values { token throws(FilterError) in try Self.numbers(token, field, service) })
    }

    /// - Parameter field: whose values they are, where it has only some.
    mutating func texts(
        of what: String, _ field: TextField? = nil, isInverted: Bool = false
    ) throws(FilterError) -> TextSet {
        let start = next.column
        let texts = try values { token throws(FilterError) in
            guard token.kind == .word || token.kind == .quoted else {
                throw FilterError(column: token.column, "\(what) is missing before \(token.spelling)")
            }
            guard let words = field?.words, !token.text.contains(where: { "*?[".contains($0) }) else {
                return token.text
            }
            if let word = words.first(where: { $0.lowercased() == token.text.lowercased() }) { return word }
            throw FilterError(
                column: token.column, "\(token.spelling) is not \(what): those are \(words.joined(separator: ", "))")
        }
        guard let set = TextSet(texts, isInverted: isInverted) else {
            throw FilterError(column: start, "a pattern with a star holds neither blanks nor slashes")
        }
        return set
    }

    /// One value, or `in` and several in brackets.
    mutating func values<Value>(
        _ read: (FilterToken) throws(FilterError) -> Value
    ) throws(FilterError) -> [Value] {
        guard takes("in") else { return [try read(take())] }
        let opening = next
        guard takes("[") else {
            throw FilterError(column: opening.column, "a list begins with \"[\", not with \(opening.spelling)")
        }
        var values: [Value] = []
        repeat { values.append(try read(take())) } while takes(",")
        guard takes("]") else {
            throw FilterError(
                column: next.column,
                "the list of column \(opening.column) goes on with \",\" or ends with \"]\", not with \(next.spelling)")
        }
        return values
    }
}

// What a token says.
extension FilterParser {
    static func prefix(_ token: FilterToken) throws(FilterError) -> AddressPrefix {
        if let prefix = AddressPrefix(token.text) { return prefix }
        throw FilterError(
            column: token.column,
            token.kind == .end
                ? "an address is missing at the end, such as 10.0.0.1 or 10.0.0.0/8"
                : "\(token.spelling) is not an address, such as 10.0.0.1, or a network, such as 10.0.0.0/8")
    }

    static func ports(_ token: FilterToken, _ service: (String) -> UInt16?) throws(FilterError) -> ClosedRange<UInt64> {
        try numbers(token, .sourcePort, service)
    }

    static func numbers(
        _ token: FilterToken, _ field: NumberField, _ service: (String) -> UInt16?
    ) throws(FilterError) -> ClosedRange<UInt64> {
        if let range = range(token.text) {
            guard range.upperBound <= field.largest else {
                throw FilterError(
                    column: token.column,
                    "\(token.text) is too large for \(field.rawValue): it is at most \(field.largest)")
            }
            return range
        }
        switch field {
        case .transport:
            if let number = TransportNumber.number(of: token.text) { return UInt64(number)...UInt64(number) }
        case .sourcePort, .destinationPort: if let port = service(token.text) { return UInt64(port)...UInt64(port) }
        default: break
        }
        throw FilterError(
            column: token.column,
            token.kind == .end ? "\(field.article) is missing at the end" : "\(token.spelling) is not \(field.article)")
    }

    /// `80`, `80-90`, `1.5m`: k, m, g and t are powers of 1,000, and ki, mi, gi and ti of 1,024.
    private static func range(_ text: String) -> ClosedRange<UInt64>? {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let low = number(first) else { return nil }
        guard parts.count == 2 else { return low...low }
        guard let high = number(parts[1]), low <= high else { return nil }
        return low...high
    }

    private static let scales: [String: UInt64] = [
        "": 1, "k": 1000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000, "ki": 1 << 10, "mi": 1 << 20,
        "gi": 1 << 30, "ti": 1 << 40,
    ]

    private static func number(_ text: Substring) -> UInt64? {
        if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16) }
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard let scale = scales[text.dropFirst(digits.count).lowercased()] else { return nil }
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ UInt64($0) }) else { return nil }
        let (product, isTooLarge) = whole.multipliedReportingOverflow(by: scale)
        guard !isTooLarge else { return nil }
        guard parts.count == 2 else { return product }
        guard let part = fraction(parts[1], of: scale) else { return nil }
        let (sum, overflows) = product.addingReportingOverflow(part)
        return overflows ? nil : sum
    }

    /// nil if it is not a whole number of units.
    private static func fraction(_ digits: Substring, of scale: UInt64) -> UInt64? {
        guard (1...6).contains(digits.count), let part = UInt64(digits) else { return nil }
        let (product, overflows) = part.multipliedReportingOverflow(by: scale)
        let tenths = (0..<digits.count).reduce(UInt64(1)) { power, _ in power * 10 }
        return overflows || product % tenths != 0 ? nil : product / tenths
    }
}

extension NumberField {
    fileprivate var largest: UInt64 {
        switch self {
        case .sourcePort, .destinationPort: UInt64(UInt16.max)
        case .transport, .icmpType, .icmpCode, .tcpFlags: UInt64(UInt8.max)
        case .vlanID, .innerVLANID, .tcpControlBits: 4095
        case .dscp: 63
        case .packets, .octets, .trafficPath, .overflowPackets, .overflowOctets: .max
        }
    }

    fileprivate var article: String {
        switch self {
        case .sourcePort, .destinationPort: "a port: a number, a range such as 80-90, or a service's name"
        case .transport: "a protocol: a name such as tcp, or a number"
        default: "a number for \(rawValue)"
        }
    }
}

extension NumberSet {
    init(_ number: UInt8) { self.init([UInt64(number)...UInt64(number)]) }
}
