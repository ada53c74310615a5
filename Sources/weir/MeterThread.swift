// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A thread of its own for work that blocks: never the cooperative pool.
enum MeterThread {
    static func run(_ work: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let thread = Thread { continuation.resume(with: Result { try work() }) }
            thread.name = "weir-meter"
            thread.start()
        }
    }
}
