// SPDX-License-Identifier: Apache-2.0

/// One of the pieces into which the flows of a window fall by their hash: what is merged at a time where memory is short.
///
/// Each flow is in exactly one piece, with all that was counted of it on any CPU and in any part of the window.
package struct FlowPiece: Equatable, Sendable {
    package let index: Int
    package let count: Int

    package init(_ index: Int, of count: Int) {
        self.index = index
        self.count = count
    }

    /// All flows.
    package static let whole = FlowPiece(0, of: 1)
    /// No flow at all.
    package static let none = FlowPiece(0, of: 0)

    /// By the upper half of the hash: tables find their places by the lower one.
    @inline(__always)
    func takes(_ hash: UInt64) -> Bool { count > 0 && Int(hash >> 32) % count == index }
}
