// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes a Swift file that holds object files as byte arrays, and the hash of the headers that say where things lie.
///
/// As text, six bits a letter, which becomes bytes when it is first asked for: for each element of an array literal the
/// compiler makes an instruction, which took minutes and gigabytes.
///
/// Usage: `EmbedObjects OUTPUT.swift HEADER.h… OBJECT.o…`
@main
struct EmbedObjects {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
        let headers = arguments.dropFirst().prefix { $0.pathExtension == "h" }
        guard !headers.isEmpty else {
            FileHandle.standardError.write(Data("usage: EmbedObjects OUTPUT.swift HEADER.h… OBJECT.o…\n".utf8))
            exit(2)
        }
        let layoutHash = fnv1a(try headers.reduce(Data()) { $0 + (try Data(contentsOf: $1)) })
        var text = """
            // Made by EmbedObjects from bpf/. Not to be edited.

            /// The compiled programs, and what tells their layout from another.
            enum EmbeddedObjects {
                /// FNV-1a of `weir_abi.h` and `weir_copies.h`.
                static let layoutHash: UInt32 = 0x\(String(layoutHash, radix: 16))

            """
        for object in arguments.dropFirst(1 + headers.count) {
            text += array(named: camelCase(object), of: try Data(contentsOf: object))
        }
        text += lookUp(arguments.dropFirst(1 + headers.count).map { $0 })
        try (text + decoder + "}\n").write(to: arguments[0], atomically: true, encoding: .utf8)
    }

    private static func array(named name: String, of bytes: Data) -> String {
        "    static let \(name): [UInt8] = decoded(\"\(encoded(bytes))\", \(bytes.count))\n"
    }

    /// Four letters for three bytes, the last of them zero where there are none: 64 letters from `#` on, and `~` for the
    /// backslash among them.
    private static func encoded(_ bytes: Data) -> String {
        var letters: [UInt8] = []
        letters.reserveCapacity(bytes.count / 3 * 4 + 4)
        for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 3) {
            let word = (0..<3).reduce(UInt32(0)) { word, place in
                word << 8 | (start + place < bytes.endIndex ? UInt32(bytes[start + place]) : 0)
            }
            for shift in [18, 12, 6, 0] as [UInt32] {
                let letter = UInt8(word >> shift & 63) + 35
                letters.append(letter == UInt8(ascii: "\\") ? UInt8(ascii: "~") : letter)
            }
        }
        return String(decoding: letters, as: UTF8.self)
    }

    /// Swift that undoes it.
    private static let decoder = """

            private static func decoded(_ text: String, _ count: Int) -> [UInt8] {
                var bytes: [UInt8] = []
                bytes.reserveCapacity(count + 2)
                var word: UInt32 = 0
                var letters = 0
                for letter in text.utf8 {
                    word = word << 6 | UInt32(letter == 126 ? 57 : letter - 35)
                    letters += 1
                    guard letters % 4 == 0 else { continue }
                    bytes.append(UInt8(truncatingIfNeeded: word >> 16))
                    bytes.append(UInt8(truncatingIfNeeded: word >> 8))
                    bytes.append(UInt8(truncatingIfNeeded: word))
                }
                bytes.removeLast(bytes.count - count)
                return bytes
            }

        """

    /// Swift that finds an object by the name it was compiled as.
    private static func lookUp(_ objects: [URL]) -> String {
        let cases = objects.map {
            "        case \"\($0.deletingPathExtension().lastPathComponent)\": \(camelCase($0))\n"
        }
        return """

                /// The object that was compiled as that; nil where there is none.
                static func object(named name: String) -> [UInt8]? {
                    switch name {
            \(cases.joined())        default: nil
                    }
                }

            """
    }

    private static func camelCase(_ object: URL) -> String {
        let words = object.deletingPathExtension().lastPathComponent.split(separator: "_")
        return words.first.map(String.init)! + words.dropFirst().map(\.capitalized).joined()
    }

    private static func fnv1a(_ bytes: Data) -> UInt32 {
        bytes.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }
}
