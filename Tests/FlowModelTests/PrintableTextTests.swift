// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Testing

@Suite struct PrintableTextTests {
    @Test(arguments: [
        ("eth0 – Zürich 東京", "eth0 – Zürich 東京"), ("\u{1B}[31mred", "\\x1b[31mred"),
        ("a\r\u{8}\u{7F}", "a\\x0d\\x08\\x7f"),
        ("\u{9B}31m", "\\u{9b}31m"), ("tap\u{202E}0pat", "tap\\u{202e}0pat"),
        ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"),
        ("\u{200B}\u{FEFF}\u{AD}", "\\u{200b}\\u{feff}\\u{ad}"), ("\u{2028}\u{A0}", "\\u{2028}\\u{a0}"),
        ("\u{E000}\u{E0041}\u{FE0F}", "\\u{e000}\\u{e0041}\\u{fe0f}"), ("a\nb\tc", "a\\x0ab\\x09c"), ("", ""),
    ])
    func `what a terminal would obey or hide stands as its number`(text: String, shown: String) {
        #expect(PrintableText.of(text) == shown)
    }

    @Test func `lines of our own stay lines`() {
        #expect(PrintableText.of("a\n\tb\u{1B}\r", keepsLines: true) == "a\n\tb\\x1b\\x0d")
    }

    @Test func `JSON says the same with escapes`() throws {
        let values = ["a": "\u{1B}\u{9B}\u{202E}\u{7F}", "b": "é\u{E0041}\n\"\\"]
        let json = String(decoding: try JSONEncoder().encode(values), as: UTF8.self)
        let shown = PrintableText.json(json)
        #expect(shown.unicodeScalars.allSatisfy(PrintableText.isPrintable))
        #expect(shown.contains("\\u202e") && shown.contains("\\udb40\\udc41"))
        #expect(try JSONDecoder().decode([String: String].self, from: Data(shown.utf8)) == values)
    }
}

@Suite struct InterfaceNameTests {
    @Test(arguments: [
        ([0x65, 0x74, 0x68, 0x30], "eth0"), ([0x76, 0xFF], "v\\xff"), ([0xC3, 0xA9, 0xC3], "é\\xc3"),
        ([0x1B, 0x5B, 0x6D], "\u{1B}[m"), (Array("a\\b".utf8), "a\\b"), (Array("\\xff".utf8), "\\x5cxff"),
        (Array("\\".utf8), "\\"), ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"), ([0x5C, 0xFF], "\\\\xff"),
    ])
    func `each name has a text, and the text leads back to it`(bytes: [UInt8], text: String) {
        #expect(InterfaceName.text(of: bytes) == text)
        #expect(InterfaceName.bytes(of: text) == bytes)
    }

    @Test func `any bytes come back`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet: [UInt8] = [0x5C, 0x78, 0x66, 0x61, 0xFF, 0xC3, 0xA9, 0x1B, 0xF0, 0x9F, 0x98, 0x80]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...15)).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            #expect(InterfaceName.bytes(of: InterfaceName.text(of: bytes)) == bytes, "\(bytes)")
        }
    }

    @Test func `an operator may write a name as it is shown`() {
        #expect(InterfaceName.canonical("\\x1b[m") == "\u{1B}[m" && InterfaceName.canonical("v\\xff") == "v\\xff")
    }
}
