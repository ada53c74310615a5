// SPDX-License-Identifier: Apache-2.0

/// By what name an address of a record is known: a machine's or a network's. One object for all records of a window that have it.
package final class EndName: Equatable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }

    package var description: String { text }

    package static func == (left: EndName, right: EndName) -> Bool { left === right || left.text == right.text }
}

/// A network that the operator has given a name.
package struct NamedNetwork: Equatable, Sendable {
    package var prefix: AddressPrefix
    /// See `PortIdentity.isName`.
    package var name: String

    package init(prefix: AddressPrefix, name: String) {
        self.prefix = prefix
        self.name = name
    }
}
