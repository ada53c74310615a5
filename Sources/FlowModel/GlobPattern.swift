// SPDX-License-Identifier: Apache-2.0

/// A pattern of the shell for the names of interfaces: `*`, `?`, `[a-z]`, `[!a-z]` (glob(7)).
///
/// There is no escape character: `[*]` matches a star.
package struct GlobPattern: Equatable, Sendable {
    private enum Element: Equatable, Sendable {
        case anyText
        case one(ranges: [ClosedRange<Unicode.Scalar>], negated: Bool)

        func matches(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .anyText: true
            case .one(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
            }
        }
    }

    package let text: String
    private let elements: [Element]

    /// nil if the text is empty, holds white space or a slash, or has a bracket that nothing closes or that runs backwards.
    package init?(_ text: String) {
        guard !text.isEmpty, !text.contains(where: { $0.isWhitespace || $0 == "/" }) else { return nil }
        var rest = text.unicodeScalars[...]
        var elements: [Element] = []
        while let scalar = rest.popFirst() {
            guard let element = Self.element(scalar, &rest) else { return nil }
            if element != .anyText || elements.last != .anyText { elements.append(element) }
        }
        self.text = text
        self.elements = elements
    }

    /// Whether it can match more than the one name that it spells.
    package var isWildcard: Bool { text.contains { "*?[".contains($0) } }

    /// True if the pattern covers the whole name.
    ///
    /// After a mismatch only the last star takes one character more, so the time is at most the product of both lengths.
    package func matches(_ name: String) -> Bool {
        let name = Array(name.unicodeScalars)
        var position = 0
        var next = 0
        var star: (element: Int, position: Int)?
        while position < name.count {
            if next < elements.count, elements[next] == .anyText {
                star = (next, position)
                next += 1
            } else if next < elements.count, elements[next].matches(name[position]) {
                position += 1
                next += 1
            } else if let last = star {
                star = (last.element, last.position + 1)
                position = last.position + 1
                next = last.element + 1
            } else {
                return false
            }
        }
        return elements[next...].allSatisfy { $0 == .anyText }
    }

    private static func element(_ scalar: Unicode.Scalar, _ rest: inout Substring.UnicodeScalarView) -> Element? {
        switch scalar {
        case "*": .anyText
        case "?": .one(ranges: [], negated: true)
        case "[": bracket(&rest)
        default: .one(ranges: [scalar...scalar], negated: false)
        }
    }

    /// Reads up to the closing bracket; a `]` in first place is a member.
    private static func bracket(_ rest: inout Substring.UnicodeScalarView) -> Element? {
        let negated = rest.first == "!" || rest.first == "^"
        if negated { rest.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let low = rest.popFirst() {
            if low == "]", !ranges.isEmpty { return .one(ranges: ranges, negated: negated) }
            guard let high = upperBound(low, &rest), low <= high else { return nil }
            ranges.append(low...high)
        }
        return nil
    }

    private static func upperBound(
        _ low: Unicode.Scalar, _ rest: inout Substring.UnicodeScalarView
    ) -> Unicode.Scalar? {
        let ahead = rest.prefix(2)
        guard ahead.count == 2, ahead.first == "-", ahead.last != "]" else { return low }
        rest.removeFirst()
        return rest.popFirst()
    }
}
