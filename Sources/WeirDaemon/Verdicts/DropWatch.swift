// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
package import FlowVerdict
import Host
package import Logging
import Synchronization

/// Follows the packets that the kernel drops, where that is wanted. Where it cannot be, measuring goes on without.
///
/// Used from the meter's thread; what it learns is read by the publisher's.
package final class DropWatch: Sendable {
    package let history = KernelDropHistory()
    private let dropped: Mutex<DroppedPackets?>
    private let failure: Mutex<String?>
    /// Of the ports that are followed, also of those that are gone.
    private let names = Mutex<[PortNumber: String]>([:])

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
        names.withLock { names in for port in ports { names[port.number] = port.name } }
        attempt { dropped throws(KernelError) in try dropped.set(ports) }
    }

    /// Takes what was dropped in a window, when that has just been closed.
    func close(_ window: Window) {
        attempt { [history] dropped throws(KernelError) in history.note(try dropped.takeNew(), end: window.end) }
    }

    var report: DropReport {
        let (missed, unseen) = dropped.withLock { ($0?.missed ?? [:], $0?.unseen ?? 0) }
        let names = names.withLock(\.self)
        var ports: [String: UInt64] = [:]
        for (number, packets) in missed { ports[names[number] ?? DropReport.elsewhere, default: 0] += packets }
        return DropReport(
            failure: failure.withLock(\.self), missed: missed.values.reduce(unseen, +), missedByPort: ports)
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
