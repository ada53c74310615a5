// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DirectoryProviders

@Suite struct LineCutterTests {
    @Test(arguments: [1, 2, 3, 7, 100])
    func `lines are the same, however the bytes come`(piece: Int) {
        let bytes = Array("one\n\nthree is long\nfour\nrest".utf8)
        var cutter = LineCutter(longest: 5)
        var lines: [LineCutter.Line] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            lines += cutter.take(Array(bytes[start..<min(start + piece, bytes.count)]))
        }
        #expect(lines == [.text("one"), .text(""), .tooLong, .text("four")])
        let last = cutter.take([10])
        #expect(last == [.text("rest")])
    }

    @Test func `a line may have so many bytes, and not one more`() {
        var cutter = LineCutter(longest: 5)
        let lines = cutter.take(Array("12345\n123456\n".utf8))
        #expect(lines == [.text("12345"), .tooLong])
    }
}
