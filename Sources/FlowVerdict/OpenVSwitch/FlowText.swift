// SPDX-License-Identifier: Apache-2.0

/// A part of a line of Open vSwitch's own flow syntax: fields with a comma between them, each a name, and what is in parentheses
/// behind it.
struct FlowText {
    /// One field: `ipv4(src=10.0.0.1)`, `vid=5`, `drop`.
    struct Field {
        /// What stands before `(` or `=`.
        let name: String
        /// What is in the parentheses; nil where there are none.
        let arguments: FlowText?
        /// What stands behind the `=`.
        let value: Substring?
        /// What stands behind `)`: a field that goes on where it should end.
        let isBroken: Bool
    }

    private let text: Substring.UTF8View

    init(_ text: Substring.UTF8View) { self.text = text }
    init(_ text: Substring) { self.text = text.utf8 }

    var string: Substring { Substring(text) }

    var isEmpty: Bool { text.isEmpty }

    /// All of them, in their order. What is inside parentheses or quotes separates nothing.
    func fields() -> [Field] {
        var fields: [Field] = []
        var start = text.startIndex
        var depth = 0
        var isQuoted = false
        var index = start
        while index != text.endIndex {
            switch text[index] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "(") where !isQuoted: depth += 1
            case UInt8(ascii: ")") where !isQuoted: depth -= 1
            case UInt8(ascii: ",") where depth <= 0 && !isQuoted:
                add(text[start..<index], to: &fields)
                start = text.index(after: index)
            default: break
            }
            index = text.index(after: index)
        }
        add(text[start...], to: &fields)
        return fields
    }

    private func add(_ part: Substring.UTF8View, to fields: inout [Field]) {
        let part = part.drop { $0 == UInt8(ascii: " ") }
        guard !part.isEmpty else { return }
        fields.append(Field(part))
    }
}

extension FlowText.Field {
    fileprivate init(_ part: Substring.UTF8View) {
        guard let end = part.firstIndex(where: { $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: "=") }) else {
            self.init(name: String(Substring(part)), arguments: nil, value: nil, isBroken: false)
            return
        }
        let name = String(Substring(part[..<end]))
        let rest = part[part.index(after: end)...]
        guard part[end] == UInt8(ascii: "(") else {
            self.init(name: name, arguments: nil, value: Substring(rest), isBroken: false)
            return
        }
        let isClosed = rest.last == UInt8(ascii: ")")
        self.init(
            name: name, arguments: FlowText(isClosed ? rest.dropLast() : rest), value: nil, isBroken: !isClosed)
    }
}

extension StringProtocol {
    /// A number as Open vSwitch writes it: decimal, or hexadecimal behind `0x`.
    func flowNumber<Number: FixedWidthInteger>(as type: Number.Type = Number.self) -> Number? {
        hasPrefix("0x") || hasPrefix("0X") ? Number(dropFirst(2), radix: 16) : Number(self)
    }

    /// A number and its mask: `80`, `80/0xff00`; without a mask all bits.
    func maskedNumber<Number: FixedWidthInteger & UnsignedInteger>(
        as type: Number.Type = Number.self
    ) -> (value: Number, mask: Number)? {
        guard let slash = firstIndex(of: "/") else {
            return flowNumber(as: Number.self).map { ($0, .max) }
        }
        guard let value = self[..<slash].flowNumber(as: Number.self),
            let mask = self[index(after: slash)...].flowNumber(as: Number.self)
        else { return nil }
        return (value, mask)
    }
}
