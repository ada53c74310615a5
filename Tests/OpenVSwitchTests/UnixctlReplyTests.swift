// SPDX-License-Identifier: Apache-2.0

import FlowVerdict
import OpenVSwitch
import Testing

@Suite struct UnixctlReplyTests {
    private struct Outcome: Equatable {
        var lines: [String] = []
        var isComplete = false
        var error: String?
    }

    private func read(_ text: String, inPartsOf size: Int) throws -> Outcome {
        var reply = UnixctlReply()
        var outcome = Outcome()
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try reply.take(Array(bytes[start..<min(start + size, bytes.count)])) { outcome.lines.append($0) }
        }
        outcome.isComplete = reply.isComplete
        outcome.error = reply.error
        return outcome
    }

    /// Where it is cut between two reads makes no difference.
    @Test(arguments: [1, 2, 3, 7, 1000])
    func `lines come as they are whole`(size: Int) throws {
        let text = #"{"id":0,"result":"one\ntwo, \"q\" \\ \u00e9\n\nlast","error":null}"#
        let expected = Outcome(lines: ["one", "two, \"q\" \\ é", "", "last"], isComplete: true)
        #expect(try read(text, inPartsOf: size) == expected)
        let other = #" { "error" : null , "result" : "a\n" , "id" : 0 } "#
        #expect(try read(other.trimmed, inPartsOf: size) == Outcome(lines: ["a"], isComplete: true))
        let failed = #"{"id":0,"result":null,"error":"no such thing\n"}"#
        #expect(try read(failed, inPartsOf: size) == Outcome(isComplete: true, error: "no such thing\n"))
    }

    @Test(arguments: [
        "x", "{]", #"{"result":["a"]}"#, #"{"a":1}{"#, #"{"result":"\q"}"#, #"{"result":"\u00zz"}"#,
        "{\"a\":\(String(repeating: "1", count: 100))}",
    ])
    func `what is no answer is refused`(text: String) {
        #expect(throws: UnixctlReply.Malformed.self) { try read(text, inPartsOf: 4) }
    }

    @Test func `an answer that breaks off is not complete, and its last line is not told`() throws {
        let whole = #"{"id":0,"result":"one\ntwo","error":null}"#
        for count in 0..<whole.count {
            let outcome = try read(String(whole.prefix(count)), inPartsOf: 5)
            #expect(!outcome.isComplete)
            #expect(outcome.lines == [] || outcome.lines == ["one"] || count > whole.count - 15)
        }
    }

    @Test func `a line without an end is held no further than the longest line, and is none afterwards`() throws {
        var reply = UnixctlReply()
        var lines: [String] = []
        try reply.take(Array(#"{"result":""#.utf8)) { lines.append($0) }
        let part = Array(repeating: UInt8(ascii: "a"), count: 1 << 16)
        for _ in 0..<32 { try reply.take(part) { lines.append($0) } }
        try reply.take(Array(#"\nshort"}"#.utf8)) { lines.append($0) }
        #expect(lines.count == 2 && lines[1] == "short" && lines[0].utf8.count < 100 && MegaflowLine(lines[0]) == nil)
        #expect(reply.isComplete)
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
