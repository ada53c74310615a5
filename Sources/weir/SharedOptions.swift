// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowModel
import Foundation

extension HookChoice: ExpressibleByArgument {}

extension PortRole: ExpressibleByArgument {
    public init?(argument: String) {
        guard let role = PortRole.allCases.first(where: { $0.name == argument }) else { return nil }
        self = role
    }

    public static var allValueStrings: [String] { allCases.map(\.name) }

    // The parser's own are those of the raw value, a number.
    public static var allValueDescriptions: [String: String] { [:] }
}

extension XDPMode: ExpressibleByArgument {
    public init?(argument: String) {
        guard let mode = XDPMode.allCases.first(where: { $0.name == argument }) else { return nil }
        self = mode
    }

    public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension CompletionKind {
    static var interface: CompletionKind { .shellCommand("ls /sys/class/net") }
}

enum Output {
    /// Prints a value as JSON, keys sorted.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Swift.print(PrintableText.json(String(decoding: try encoder.encode(value), as: UTF8.self)))
    }

    /// Prints lines for people.
    static func print(_ text: String) { Swift.print(PrintableText.of(text, keepsLines: true)) }

    /// Says something that does not keep the command from being done.
    static func warn(_ sentence: String) {
        try? FileHandle.standardError.write(contentsOf: Data("weir: \(PrintableText.of(sentence))\n".utf8))
    }

    static func write(_ bytes: [UInt8]) throws {
        try FileHandle.standardOutput.write(contentsOf: Data(bytes))
    }
}
