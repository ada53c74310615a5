// SPDX-License-Identifier: Apache-2.0

/// A frame with a name; what it must come to is for `ReferenceParser` to say.
package struct FrameCase: Sendable, CustomStringConvertible {
    package let name: String
    package let bytes: [UInt8]

    /// What a test that runs over a table prints.
    package var description: String { name }

    package init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    package init(_ name: String, _ layers: Layer...) { self.init(name, Frame(layers).bytes) }

    package init(_ name: String, _ layers: [Layer]) { self.init(name, Frame(layers).bytes) }
}
