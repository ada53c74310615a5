// SPDX-License-Identifier: Apache-2.0

/// How long the meter takes to empty the tables: what decides how many new flows a second it keeps up with.
package struct MeterTiming: Equatable, Sendable {
    /// How often a window was swapped before its edge.
    package var earlySwaps: UInt64 = 0
    /// Swaps of both kinds.
    package var swaps: UInt64 = 0
    /// Of the last swap: until no program wrote the closed generation any more.
    package var swap = Duration.zero
    /// Of all swaps.
    package var swapTotal = Duration.zero
    /// How long it took to read and merge what the last swap closed.
    package var drain = Duration.zero
    package var drainTotal = Duration.zero
    /// Of a flow, from the table's memory to the merged record; nil until enough came at a time to tell.
    package var perFlow: Duration?

    package init() {}

    /// Fewer flows than this say more of the clock than of the drain.
    private static let tellingCount = 1024

    mutating func add(swap: Duration, collecting: Duration, flows: Int) {
        swaps += 1
        self.swap = swap
        swapTotal += swap
        drain = collecting
        drainTotal += collecting
        if flows >= Self.tellingCount { perFlow = collecting / flows }
    }

    /// New flows a second that fill `room` just when the meter comes back after it has emptied `flows`; nil while it is
    /// not known.
    package func saturation(room: Int, flows: Int) -> Double? {
        guard let perFlow else { return nil }
        let absence = swap + perFlow * flows
        return absence > .zero ? Double(room) / (absence / .seconds(1)) : nil
    }
}
