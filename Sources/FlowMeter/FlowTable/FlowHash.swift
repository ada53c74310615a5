// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// A seeded hash of flow keys: products of 64-bit words folded to 64 bits, as in wyhash and its kin.
///
/// A guest chooses its own ports and addresses, so keys that collide must not be computable from outside: every word of
/// a key is masked by a secret of its own before it is multiplied. A quarter of what SipHash costs.
package struct FlowHash: Sendable, BitwiseCopyable {
    private let sourceMask: (UInt64, UInt64)
    private let destinationMask: (UInt64, UInt64)
    private let endsMask: UInt64
    private let linkMask: UInt64
    private let lastMask: UInt64

    package init() { self.init { RandomBits.next() } }

    /// All zero, every IPv4 flow between the same ports collides: for tests alone.
    package init(secrets next: () -> UInt64) {
        sourceMask = (next(), next())
        destinationMask = (next(), next())
        endsMask = next()
        linkMask = next()
        lastMask = next()
    }

    @inline(__always)
    func callAsFunction(_ key: FlowKey) -> UInt64 {
        let source = Self.fold(key.source.high ^ sourceMask.0, key.source.low ^ sourceMask.1)
        let destination = Self.fold(key.destination.high ^ destinationMask.0, key.destination.low ^ destinationMask.1)
        let rest = Self.fold(key.ends ^ endsMask, key.link ^ linkMask)
        return Self.fold(source ^ destination ^ lastMask, rest ^ sourceMask.0)
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
