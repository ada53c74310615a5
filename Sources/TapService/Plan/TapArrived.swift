// SPDX-License-Identifier: Apache-2.0

/// Copies that other hosts have sent here.
package struct TapArrived: Equatable, Sendable {
    package struct Count: Equatable, Sendable {
        package var packets: UInt64
        /// Of frames.
        package var bytes: UInt64

        package init(packets: UInt64, bytes: UInt64) {
            self.packets = packets
            self.bytes = bytes
        }
    }

    package var arrivals: [TapArrival: Count] = [:]
    /// Packets of senders or numbers that are not known: they were dropped.
    package var strangers: UInt64 = 0

    package init() {}
}
