// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Members of an object. The name stands with the comma before it and all that comes before the value: `,"end":`.
extension LineWriter {
    @inline(__always)
    mutating func member(_ name: StaticString, _ value: some FixedWidthInteger & UnsignedInteger) {
        text(name)
        decimal(UInt64(value))
    }

    @inline(__always)
    mutating func member(_ name: StaticString, _ value: Int64) {
        text(name)
        decimal(value)
    }

    /// A word of our own, which needs no escapes.
    @inline(__always)
    mutating func member(_ name: StaticString, word: StaticString) {
        text(name)
        byte(UInt8(ascii: "\""))
        text(word)
        byte(UInt8(ascii: "\""))
    }

    @inline(__always)
    mutating func member(_ name: StaticString, _ address: IPAddress) {
        text(name)
        byte(UInt8(ascii: "\""))
        self.address(address)
        byte(UInt8(ascii: "\""))
    }

    /// nil writes nothing, as below.
    @inline(__always)
    mutating func member(_ name: StaticString, _ address: MACAddress?) {
        guard let address else { return }
        text(name)
        byte(UInt8(ascii: "\""))
        mac(address)
        byte(UInt8(ascii: "\""))
    }

    mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        text(name)
        jsonString(value)
    }
}
