// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import SystemPackage

/// The other end of a sink, somewhere else: it outlives the host, and answers or not.
final class Collector {
    /// How often it is promised each window.
    enum Promise: CaseIterable {
        case atLeastOnce, atMostOnce
    }

    let name: String
    let promise: Promise
    /// What it was sent, by the number of the window, each time.
    private(set) var deliveries: [UInt64: [[SimulatedRow]]] = [:]
    /// Odds that a window is not taken, or is taken and the answer lost.
    var failures = 0.0
    /// Of windows with such numbers it never takes one; nil: it takes all.
    let refused: UInt64?
    private var random: SplitMix64

    init(_ name: String, _ promise: Promise, refused: UInt64?, seed: UInt64) {
        self.name = name
        self.promise = promise
        self.refused = refused
        random = SplitMix64(seed: seed)
    }

    func refuses(_ window: UInt64) -> Bool { refused.map { window % $0 == 0 } ?? false }

    /// Takes a window, or throws; then it may have taken it.
    func take(_ window: UInt64, _ rows: [SimulatedRow]) throws {
        if Double.random(in: 0..<1, using: &random) < failures { throw Errno.connectionRefused }
        deliveries[window, default: []].append(rows.sorted())
        if Double.random(in: 0..<1, using: &random) < failures { throw Errno.timedOut }
    }
}
