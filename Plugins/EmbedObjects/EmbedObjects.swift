// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes a Swift file that holds object files as byte arrays, and the hash of the ABI header.
///
/// Usage: `EmbedObjects OUTPUT.swift ABI.h OBJECT.o…`
@main
struct EmbedObjects {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
        guard arguments.count >= 2 else {
            FileHandle.standardError.write(Data("usage: EmbedObjects OUTPUT.swift ABI.h OBJECT.o…\n".utf8))
            exit(2)
        }
        let layoutHash = fnv1a(try Data(contentsOf: arguments[1]))
        var text = """
            // Made by EmbedObjects from bpf/. Not to be edited.

            /// The compiled programs, and what tells their layout from another.
            enum EmbeddedObjects {
                /// FNV-1a of `weir_abi.h`.
                static let layoutHash: UInt32 = 0x\(String(layoutHash, radix: 16))

            """
        for object in arguments.dropFirst(2) {
            text += array(named: camelCase(object), of: try Data(contentsOf: object))
        }
        try (text + "}\n").write(to: arguments[0], atomically: true, encoding: .utf8)
    }

    private static func array(named name: String, of bytes: Data) -> String {
        "    static let \(name): [UInt8] = [" + bytes.map { "\($0)" }.joined(separator: ",") + "]\n"
    }

    private static func camelCase(_ object: URL) -> String {
        let words = object.deletingPathExtension().lastPathComponent.split(separator: "_")
        return words.first.map(String.init)! + words.dropFirst().map(\.capitalized).joined()
    }

    private static func fnv1a(_ bytes: Data) -> UInt32 {
        bytes.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }
}
