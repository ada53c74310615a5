// SPDX-License-Identifier: Apache-2.0

import FlowExport
import Testing

@Suite struct RedisAddressTests {
    @Test func `an address is read, and shown without its password`() throws {
        var expected = RedisAddress(.tcp(host: "redis-1.example.org", port: 6379))
        #expect(try RedisAddress("redis://redis-1.example.org") == expected)
        expected.user = "weir"
        expected.password = "a:b/c@d"
        expected.database = 7
        let full = try RedisAddress("redis://weir:a:b%2Fc@d@redis-1.example.org/7")
        #expect(full == expected)
        #expect("\(full)" == "redis://weir:***@redis-1.example.org:6379/7")
        #expect("\(try RedisAddress("redis://:x@[fd00::1]:1/"))" == "redis://:***@[fd00::1]:1/0")
        #expect("\(try RedisAddress("redis://10.0.0.1:65535/0"))" == "redis://10.0.0.1:65535/0")
        var path = RedisAddress(.path("/run/a b.sock"))
        #expect(try RedisAddress("redis+unix:///run/a%20b.sock") == path)
        path.database = 2
        path.user = "u"
        #expect(try RedisAddress("redis+unix://u@/run/a%20b.sock?db=2") == path)
        #expect("\(path)" == "redis+unix://u@/run/a%20b.sock?db=2")
        #expect(try RedisAddress("\(path)") == path)
    }

    @Test(arguments: [
        "redis", "redis:/a", "http://a", "://a", "redis://", "redis://a:0", "redis://a:65536", "redis://a:b",
        "redis://a/x",
        "redis://a/-1", "redis://a/+1", "redis://a/1/2", "redis://a?db=1", "redis://a#b", "redis://[::1",
        "redis://[::1]x",
        "redis://[a]", "redis://a b", "redis://ä", "redis://x%zz@a", "redis://x:%4@a", "redis+unix://a",
        "redis+unix://",
        "redis+unix:///a?x=1", "redis+unix:///a?db=x", "rediss://secret:secret@a", "redis://secret:***@a",
    ])
    func `what is none is refused in words that have no password`(text: String) {
        let error = #expect(throws: RedisAddressError.self) { try RedisAddress(text) }
        let sentence = error.map { "\($0)" } ?? ""
        #expect(["must ", "asks ", "has "].contains { sentence.hasPrefix($0) } && !sentence.contains("secret"))
    }
}
