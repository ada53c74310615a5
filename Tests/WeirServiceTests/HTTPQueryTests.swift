// SPDX-License-Identifier: Apache-2.0

import Testing
import WeirService

@Suite struct HTTPQueryTests {
    private func pairs(_ text: String) -> [[String]]? {
        HTTPQuery(decoding: text[...])?.parameters.map { [$0.name, $0.value] }
    }

    @Test(arguments: [
        ("", []), ("a", [["a", ""]]), ("a=", [["a", ""]]), ("a=b", [["a", "b"]]), ("=b", [["", "b"]]),
        ("a=b=c", [["a", "b=c"]]), ("&&a=1&", [["a", "1"]]), ("a=1&a=2", [["a", "1"], ["a", "2"]]),
        ("a+b=c+%2b", [["a b", "c +"]]), ("%61=%C3%bc", [["a", "ü"]]), ("a=?&b=/", [["a", "?"], ["b", "/"]]),
    ])
    func `parameters are decoded in their order`(text: String, expected: [[String]]) {
        #expect(pairs(text) == expected)
    }

    @Test(arguments: ["a=%", "a=%1", "%zz", "a=%4g", "a=%ff", "a=%00", "%c3=1", "a=%+1"])
    func `what is not percent-encoded text is refused`(text: String) { #expect(pairs(text) == nil) }

    @Test func `the most parameters are taken, and one more is refused`() {
        let most = Array(repeating: "a=1", count: HTTPQuery.mostParameters)
        #expect(pairs(most.joined(separator: "&"))?.count == HTTPQuery.mostParameters)
        #expect(pairs((most + ["b"]).joined(separator: "&")) == nil)
    }

    @Test func `the first value of a name is taken, or all`() {
        let query = HTTPQuery(decoding: "a=1&b=2&a=3")
        #expect(query?["a"] == "1" && query?["c"] == nil && query?.values(of: "a") == ["1", "3"])
    }
}
