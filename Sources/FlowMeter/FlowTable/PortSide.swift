// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A port in one direction: what totals are kept for.
package struct PortSide: Hashable, Sendable {
    package var port: PortNumber
    package var direction: Direction

    package init(port: PortNumber, direction: Direction) {
        self.port = port
        self.direction = direction
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(UInt32(port.rawValue) << 1 | UInt32(direction.rawValue))
    }
}

extension [PortSide: PortTotals] {
    /// Those that saw frames which are in no flow.
    package var unparsedSides: [PortSide] {
        filter { $0.value.notIP != .zero || $0.value.malformed != .zero }.map(\.key)
    }
}
