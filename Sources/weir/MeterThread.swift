// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A thread of its own for work that blocks: never the cooperative pool.
enum MeterThread {
    static func run(_ work: @escaping @Sendable () throws -> Void) async -> Result<Void, any Error> {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: Result { try work() }) }
            thread.name = "weir-meter"
            thread.start()
        }
    }
}
