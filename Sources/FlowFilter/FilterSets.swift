// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Numbers, as ranges.
package struct NumberSet: Equatable, Sendable {
    package let ranges: [ClosedRange<UInt64>]

    package init(_ ranges: [ClosedRange<UInt64>]) { self.ranges = ranges }

    package func contains(_ number: UInt64) -> Bool { ranges.contains { $0.contains(number) } }

    /// All numbers that are in none of the ranges.
    var inverted: NumberSet {
        var left: [ClosedRange<UInt64>] = []
        var next: UInt64? = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard let first = next else { break }
            if range.lowerBound > first { left.append(first...range.lowerBound - 1) }
            next = range.upperBound == .max ? nil : max(first, range.upperBound + 1)
        }
        if let next { left.append(next...UInt64.max) }
        return NumberSet(left)
    }
}

/// Texts: patterns of the shell where they have a star, a question mark or a bracket, and else as they are.
package struct TextSet: Equatable, Sendable {
    private enum Member: Equatable, Sendable {
        case exact(String)
        case pattern(GlobPattern)

        func matches(_ text: String) -> Bool {
            switch self {
            case .exact(let known): known == text
            case .pattern(let pattern): pattern.matches(text)
            }
        }
    }

    private let members: [Member]
    private let isInverted: Bool

    /// nil if one has a star and is not a pattern; see `GlobPattern`.
    init?(_ texts: [String], isInverted: Bool = false) {
        var members: [Member] = []
        for text in texts {
            if let pattern = GlobPattern(text) {
                members.append(pattern.isWildcard ? .pattern(pattern) : .exact(text))
            } else {
                guard !text.contains("*") else { return nil }
                members.append(.exact(text))
            }
        }
        self.members = members
        self.isInverted = isInverted
    }

    /// These texts and no others, whatever they hold.
    init(literal texts: [String]) {
        members = texts.map(Member.exact)
        isInverted = false
    }

    /// The texts, where the set has these and no others.
    package var literals: [String]? {
        guard !isInverted else { return nil }
        var texts: [String] = []
        for member in members {
            guard case .exact(let text) = member else { return nil }
            texts.append(text)
        }
        return texts
    }

    package func contains(_ text: String) -> Bool { members.contains { $0.matches(text) } != isInverted }
}
