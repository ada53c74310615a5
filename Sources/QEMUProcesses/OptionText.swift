// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The value of one of QEMU's options, `tap,id=net0,ifname=tap0`: names and values, or one JSON object.
///
/// As QEMU reads it: a comma within a value is doubled, the first value may stand without its name, a name without a value is a switch,
/// and of two values of the same name the later one counts.
struct OptionText {
    /// QEMU's own are some dozens.
    private static let mostValues = 256
    private static let longestJSON = 8 << 10

    private var values: [[UInt8]: [UInt8]] = [:]

    /// - Parameter implied: the name of a first value that has none.
    init(_ text: ArraySlice<UInt8>, implied: String? = nil) {
        if text.first == UInt8(ascii: "{") {
            values = Self.values(ofJSON: text)
            return
        }
        var rest = text
        var isFirst = true
        while !rest.isEmpty, values.count < Self.mostValues {
            let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ",") }
            if rest.dropFirst(name.count).first == UInt8(ascii: "=") {
                rest = rest.dropFirst(name.count + 1)
                values[Array(name)] = Self.takeValue(&rest)
            } else {
                let value = Self.takeValue(&rest)
                if isFirst, let implied { values[Array(implied.utf8)] = value }
            }
            isFirst = false
        }
    }

    /// Takes what stands before the next comma that is not doubled, and that comma.
    private static func takeValue(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: ",") {
                guard rest.first == byte else { break }
                rest.removeFirst()
            }
            value.append(byte)
        }
        return value
    }

    private static func values(ofJSON text: ArraySlice<UInt8>) -> [[UInt8]: [UInt8]] {
        guard text.count <= longestJSON,
            let object = try? JSONDecoder().decode([String: Scalar].self, from: Data(text))
        else { return [:] }
        return Dictionary(
            object.compactMap { name, value in value.text.map { (Array(name.utf8), Array($0.utf8)) } }
        ) { $1 }
    }

    /// A value of JSON, as far as it is read here.
    private struct Scalar: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            text = (try? container.decode(String.self)) ?? (try? container.decode(Int.self)).map { String($0) }
        }
    }

    func bytes(_ name: String) -> [UInt8]? { values[Array(name.utf8)] }

    /// nil where it is not UTF-8.
    func text(_ name: String) -> String? { bytes(name).flatMap { String(validating: $0, as: UTF8.self) } }
}
