// SPDX-License-Identifier: Apache-2.0

import Foundation
import OpenVSwitch
import Testing

@Suite("JSON")
struct JSONTests {
    private static func read(_ text: String) throws -> JSONValue { try JSONReader.value(of: Array(text.utf8)) }

    /// Foundation's reader is the witness: a text is JSON or not, for both.
    @Test(arguments: [
        "{}", "[]", " [ 1 , 2 ] ", "null", "true", "false", "0", "-0", "-1", "1.5", "1e3", "1E+3", "1e-3", "-12.25e2",
        "\"\"",
        #""\u0041\n\t\"\\\/\b\f\r""#, #""\ud83d\ude00""#, "\"ü€😀\"", #"{"a":{"b":[1,{"c":null}]},"d":"}{"}"#,
        "[[[[[]]]]]",
        "9223372036854775807", "\t\r\n7 ",
        // Not JSON.
        "", " ", "{", "}", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{1:2}", "01", "-", "+1",
        "1.", ".5",
        "1e", "1e+", "0x10", "nul", "True", "NaN", "Infinity", "\"", "\"\n\"", "\"\\x\"", #""\u12""#, #""\u12g4""#,
        #""\ud83d""#, #""\ude00\ud83d""#, "[1]]", "{} {}", "'a'", "[1}", "// no", "[1,/**/2]", "\"\\",
    ])
    func `what is JSON and what is not`(text: String) {
        let witness = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed])
        #expect(((try? Self.read(text)) == nil) == (witness == nil))
    }

    @Test func `values are what they say`() throws {
        let text = #"{"a":[1,-2,2.5,1e2,"x\u00e9\ud83d\ude00\n",true,false,null],"b":{"c":18446744073709551616}}"#
        #expect(
            try Self.read(text) == [
                "a": [1, -2, .real(2.5), .real(100), "xé😀\n", .bool(true), .bool(false), nil],
                "b": ["c": .real(18_446_744_073_709_551_616)],
            ])
    }

    @Test func `what is written is read again, by Foundation too`() throws {
        let value: JSONValue = [
            "text": "\" \\ \n \u{1} é 😀 /", "numbers": [0, -7, .real(0.5)], "nothing": nil, "empty": [[], [:]],
            "truth": [.bool(true), .bool(false)],
        ]
        #expect(try JSONReader.value(of: value.bytes) == value)
        let members = try #require(
            try JSONSerialization.jsonObject(with: Data(value.bytes)) as? [String: Any])
        #expect(members["text"] as? String == "\" \\ \n \u{1} é 😀 /")
        #expect(members["numbers"] as? [Double] == [0, -7, 0.5])
    }

    /// Foundation takes them.
    @Test(arguments: ["[1,]", "{\"a\":1,}", "[,]", "{,}"])
    func `a comma that separates nothing is refused`(text: String) {
        #expect(throws: JSONReader.Malformed.self) { try Self.read(text) }
    }

    @Test func `text that is not UTF-8 is refused`() {
        #expect(throws: JSONReader.Malformed.self) { try JSONReader.value(of: [0x22, 0xff, 0x22]) }
    }

    @Test func `what is nested too deep is refused before the stack ends`() throws {
        let deepest = JSONReader.deepest
        _ = try Self.read(String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest))
        #expect(throws: JSONReader.Malformed.self) { try Self.read(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: JSONReader.Malformed.self) {
            try Self.read(String(repeating: #"{"a":"#, count: 1_000_000))
        }
    }

    // MARK: Streams

    private static let messages = [
        #"{"a":1}"#, #"{"b":"}{\"\\"}"#, "{}", #"{"c":{"d":[{"e":"\\\\\""}]}}"#, #"{"f":"{"}"#,
    ]

    @Test(arguments: [1, 2, 3, 7, 1000])
    func `messages are cut out of a stream however it comes in pieces`(length: Int) throws {
        let bytes = Array(Self.messages.joined(separator: " \n").utf8) + [0x20]
        var stream = JSONStream(limit: 100)
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: bytes.count, by: length) {
            found += try stream.take(Array(bytes[start..<min(start + length, bytes.count)]))
        }
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == Self.messages)
    }

    @Test(arguments: ["[1]", "hello", "{}x", "}", "\"{}\"", "\u{0}"])
    func `what is no object is refused`(text: String) {
        var stream = JSONStream(limit: 100)
        #expect(throws: JSONStream.Broken.notAnObject) { try stream.take(Array(text.utf8)) }
    }

    @Test func `a message that is too long is refused, whole or in pieces`() throws {
        let fits = Array(("{\"a\":\"" + String(repeating: "x", count: 92) + "\"}").utf8)
        var stream = JSONStream(limit: 100)
        #expect(try stream.take(fits + fits).count == 2)
        #expect(throws: JSONStream.Broken.tooLong) {
            for _ in 0..<101 { _ = try stream.take([UInt8(ascii: "{")]) }
        }
        var other = JSONStream(limit: 99)
        #expect(throws: JSONStream.Broken.tooLong) { try other.take(fits) }
    }
}
