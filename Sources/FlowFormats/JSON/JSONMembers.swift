// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Members of an object, each with the comma before it: the object's first member is written by hand.
///
/// The names are our own words and are not escaped. A value of nil writes nothing.
extension [UInt8] {
    mutating func appendMember(_ name: String, _ value: some FixedWidthInteger & UnsignedInteger) {
        appendMemberName(name)
        appendDecimal(value)
    }

    mutating func appendMember(_ name: String, _ value: Int64) {
        appendMemberName(name)
        appendDecimal(value)
    }

    mutating func appendMember(_ name: String, _ value: String?) {
        guard let value else { return }
        appendMemberName(name)
        appendJSONString(value)
    }

    /// A word of our own, which needs no escapes.
    mutating func appendMember(_ name: String, word: String) {
        appendMemberName(name)
        append(UInt8(ascii: "\""))
        appendText(word)
        append(UInt8(ascii: "\""))
    }

    mutating func appendMember(_ name: String, _ address: IPAddress) {
        appendMemberName(name)
        append(UInt8(ascii: "\""))
        appendAddress(address)
        append(UInt8(ascii: "\""))
    }

    mutating func appendMember(_ name: String, _ address: MACAddress?) {
        guard let address else { return }
        appendMemberName(name)
        append(UInt8(ascii: "\""))
        appendMAC(address)
        append(UInt8(ascii: "\""))
    }

    mutating func appendMemberName(_ name: String) {
        appendText(",\"")
        appendText(name)
        appendText("\":")
    }
}
