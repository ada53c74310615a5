// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
package import FlowVerdict
package import Logging
import Synchronization

/// Follows the packets that the kernel drops, where that is wanted. Where it cannot be, measuring goes on without.
///
/// Used from the meter's thread; what it learns is read by the publisher's.
package final class DropWatch: Sendable {
    package let history = KernelDropHistory()
    private let dropped: Mutex<DroppedPackets?>
    private let failure: Mutex<String?>

    package init(logger: Logger) {
        var started: DroppedPackets?
        var reason: String?
        do throws(KernelError) { started = try DroppedPackets.watch() } catch {
            reason = error.description
            logger.error("\(error); measuring goes on without")
        }
        dropped = Mutex(started)
        failure = Mutex(reason)
    }

    /// Tells packets of these ports by them.
    func follow(_ ports: [RegisteredPort]) {
        attempt { dropped throws(KernelError) in try dropped.set(ports) }
    }

    /// Takes what was dropped in a window, when that has just been closed.
    func close(_ window: Window) {
        attempt { [history] dropped throws(KernelError) in history.note(try dropped.takeNew(), end: window.end) }
    }

    var report: DropReport {
        let missed = dropped.withLock { try? $0?.missed }
        return DropReport(failure: failure.withLock(\.self), missed: missed ?? 0)
    }

    private func attempt(_ body: (inout DroppedPackets) throws(KernelError) -> Void) {
        let result = dropped.withLock { dropped -> Result<Void, KernelError>? in
            guard dropped != nil else { return nil }
            do throws(KernelError) { return .success(try body(&dropped!)) } catch { return .failure(error) }
        }
        switch result {
        case .success: failure.withLock { $0 = nil }
        case .failure(let error): failure.withLock { $0 = error.description }
        case nil: break
        }
    }
}

/// What `weir status` says of it.
package struct DropReport: Codable, Equatable, Sendable {
    /// Why dropped packets are not seen; nil while they are.
    package var failure: String?
    /// Dropped packets that found no room among those that are counted.
    package var missed: UInt64
}
