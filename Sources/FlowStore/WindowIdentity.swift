// SPDX-License-Identifier: Apache-2.0

/// Which window it is, among all windows of a store.
package struct WindowIdentity: Hashable, Sendable, Comparable {
    /// Grows with each window of a store, whatever the clock does. A reader that follows the store notes the last number that it has read.
    package let sequence: UInt64
    /// Random: two daemons that began with the same number do not have the same window.
    package let nonce: UInt64

    package init(sequence: UInt64, nonce: UInt64) {
        self.sequence = sequence
        self.nonce = nonce
    }

    /// From two numbers of sixteen hexadecimal digits with a dash between them.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 16 }), let sequence = UInt64(parts[0], radix: 16),
            let nonce = UInt64(parts[1], radix: 16)
        else { return nil }
        self.init(sequence: sequence, nonce: nonce)
    }

    package static func < (left: WindowIdentity, right: WindowIdentity) -> Bool {
        (left.sequence, left.nonce) < (right.sequence, right.nonce)
    }
}

extension WindowIdentity: CustomStringConvertible {
    package var description: String { "\(Self.hexadecimal(sequence))-\(Self.hexadecimal(nonce))" }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
