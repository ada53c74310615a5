// SPDX-License-Identifier: Apache-2.0

import OpenVSwitch
import Testing

/// Values as RFC 7047 §5.1 has them and `ovs-vsctl -f json` prints them.
@Suite("A value of a column")
struct OVSDBDatumTests {
    private static func datum(_ text: String) throws -> OVSDBDatum? {
        OVSDBDatum(try JSONReader.value(of: Array(text.utf8)))
    }

    @Test func `one value, a set of it, and nothing`() throws {
        #expect(try Self.datum(#""tap0""#)?.string == "tap0")
        #expect(try Self.datum(#"["set",["tap0"]]"#)?.string == "tap0")
        #expect(try Self.datum(#"["set",[]]"#) == .set([]))
        #expect(try Self.datum(#"["set",[]]"#)?.string == nil)
        #expect(try Self.datum(#"["set",["a","b"]]"#)?.string == nil)
        #expect(try Self.datum("65534")?.integer == 65534)
        #expect(try Self.datum(#"["set",[]]"#)?.integer == nil)
        #expect(try Self.datum("true") == .set([.bool(true)]))
    }

    @Test func `references to rows`() throws {
        #expect(
            try Self.datum(#"["uuid","2112c514-0603-45d3-86df-15d417ff81e3"]"#)?.uuids
                == ["2112c514-0603-45d3-86df-15d417ff81e3"])
        #expect(try Self.datum(#"["set",[["uuid","a"],["uuid","b"]]]"#)?.uuids == ["a", "b"])
        #expect(try Self.datum(#"["set",[]]"#)?.uuids == [])
    }

    @Test func `maps`() throws {
        let text = #"["map",[["n_rxq","1"],["xdp-mode","generic"]]]"#
        #expect(try Self.datum(text)?.strings == ["n_rxq": "1", "xdp-mode": "generic"])
        #expect(try Self.datum(#"["map",[]]"#)?.strings == [:])
        #expect(try Self.datum(#"["map",[["rx_bytes",266]]]"#)?.strings == [:])
    }

    @Test(arguments: [
        "null", "{}", "[]", #"["set"]"#, #"["set",1]"#, #"["set",[null]]"#, #"["map",[["a"]]]"#,
        #"["map",[["a",null]]]"#,
        #"["map",["a","b"]]"#, #"["uuid",7]"#, #"["uuid"]"#, #"["what",[]]"#, #"["set",[["set",[]]]]"#,
    ])
    func `what is no value`(text: String) throws { #expect(try Self.datum(text) == nil) }
}
