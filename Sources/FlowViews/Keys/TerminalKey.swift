// SPDX-License-Identifier: Apache-2.0

/// A key as a terminal sends it.
package enum TerminalKey: Equatable, Sendable {
    case character(Character)
    /// Control and a letter.
    case control(Character)
    case enter, escape, backspace, delete, tab
    case up, down, left, right, home, end, pageUp, pageDown
}

/// Puts keys together from the bytes that a terminal sends (ECMA-48, xterm). What is no key is passed over.
package struct TerminalKeyReader {
    private var pending: [UInt8] = []

    package init() {}

    /// Whether the last bytes may be the beginning of a longer key: an escape alone is one only if nothing follows soon.
    package var isPending: Bool { !pending.isEmpty }

    /// - Parameter isOver: whether nothing follows soon, so that what is pending is whole.
    package mutating func keys(_ bytes: [UInt8], isOver: Bool = false) -> [TerminalKey] {
        pending += bytes
        var keys: [TerminalKey] = []
        while let (key, length) = first(isOver) {
            pending.removeFirst(length)
            if let key { keys.append(key) }
        }
        return keys
    }

    /// nil where more bytes are needed.
    private func first(_ isOver: Bool) -> (key: TerminalKey?, length: Int)? {
        guard let byte = pending.first else { return nil }
        switch byte {
        case 0x1B: return escape(isOver)
        case 0x0D, 0x0A: return (.enter, 1)
        case 0x09: return (.tab, 1)
        case 0x08, 0x7F: return (.backspace, 1)
        case 0x01...0x1A: return (.control(Character(Unicode.Scalar(byte + 0x60))), 1)
        case 0x20..<0x7F: return (.character(Character(Unicode.Scalar(byte))), 1)
        case 0xC2...0xF4: return wide(byte, isOver)
        default: return (nil, 1)
        }
    }

    private func wide(_ byte: UInt8, _ isOver: Bool) -> (key: TerminalKey?, length: Int)? {
        let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
        guard pending.count >= length else { return isOver ? (nil, pending.count) : nil }
        let text = String(validating: pending.prefix(length), as: UTF8.self)
        return (text?.first.map { .character($0) }, text == nil ? 1 : length)
    }

    private func escape(_ isOver: Bool) -> (key: TerminalKey?, length: Int)? {
        guard pending.count > 1 else { return isOver ? (.escape, 1) : nil }
        switch pending[1] {
        case UInt8(ascii: "["), UInt8(ascii: "O"): return sequence(isOver)
        // Alt and a key: the key alone.
        default: return (.escape, 1)
        }
    }

    /// CSI or SS3: parameters, then a byte that ends it.
    private func sequence(_ isOver: Bool) -> (key: TerminalKey?, length: Int)? {
        guard let end = pending.indices.dropFirst(2).first(where: { (0x40...0x7E).contains(pending[$0]) }) else {
            return isOver || pending.count > 32 ? (nil, pending.count) : nil
        }
        let number = pending[2..<end].prefix { $0 != UInt8(ascii: ";") }
        let text = String(decoding: number, as: UTF8.self)
        return (Self.named(pending[end], text), end + 1)
    }

    private static func named(_ last: UInt8, _ number: String) -> TerminalKey? {
        switch (last, number) {
        case (UInt8(ascii: "A"), _): .up
        case (UInt8(ascii: "B"), _): .down
        case (UInt8(ascii: "C"), _): .right
        case (UInt8(ascii: "D"), _): .left
        case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), "1"), (UInt8(ascii: "~"), "7"): .home
        case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), "4"), (UInt8(ascii: "~"), "8"): .end
        case (UInt8(ascii: "~"), "3"): .delete
        case (UInt8(ascii: "~"), "5"): .pageUp
        case (UInt8(ascii: "~"), "6"): .pageDown
        default: nil
        }
    }
}
