// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A condition that did not come true in its time.
package struct TimedOut: Error, CustomStringConvertible {
    package let condition: String
    package let limit: Duration

    package var description: String { "not within \(limit): \(condition)" }
}

/// Looks every few milliseconds whether the condition holds, and every 20 ms where that takes longer; throws where it does not in
/// time. Blocks the thread.
///
/// In a machine that is emulated all takes longer: it has ten times as long there.
package func waitUntil(
    _ description: String, within limit: Duration = .seconds(60), _ condition: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + limit * (KernelAccess.isSecondKernel ? 10 : 1)
    var pause = 0.002
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw TimedOut(condition: description, limit: limit) }
        Thread.sleep(forTimeInterval: pause)
        pause = min(pause * 1.25, 0.02)
    }
}
