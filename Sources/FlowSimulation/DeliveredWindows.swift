// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The number of the last window that every sink has, as far as the daemon knows.
final class DeliveredWindows: Sendable {
    private let number = Atomic<UInt64>(.max)

    var last: UInt64 { number.load(ordering: .relaxed) }

    func note(_ last: UInt64) { number.store(last, ordering: .relaxed) }
}
