// SPDX-License-Identifier: Apache-2.0

package import DaemonReports
package import FlowKernel
package import FlowModel
package import FlowVerdict
import Host
package import Logging
import Synchronization

/// Follows the packets that the kernel drops, where that is wanted. Where it cannot be, measuring goes on without.
///
/// Used from the meter's thread; what it learns is read by the publisher's.
package final class DropWatch: Sendable {
    package let history = KernelDropHistory()
    private let dropped = Mutex<DroppedPackets?>(nil)
    private let failure = Mutex<String?>(nil)
    /// Of the parts of the window that is not complete.
    private let taken = Mutex<[PacketDrop]>([])
    private let logger: Logger
    /// Of the ports that are followed, also of those that are gone.
    private let names = Mutex<[PortNumber: String]>([:])

    package init(logger: Logger) { self.logger = logger }

    /// Has the kernel say what it drops from now on, for the windows of these tables.
    package func start(for tables: borrowing FlowTables) {
        let error = dropped.withLock { dropped -> KernelError? in
            do throws(KernelError) { dropped = try DroppedPackets.watch(for: tables) } catch { return error }
            return nil
        }
        guard let error else { return }
        failure.withLock { $0 = error.description }
        logger.error("\(error); measuring goes on without")
    }

    /// Tells packets of these ports by them.
    package func follow(_ ports: [RegisteredPort]) {
        names.withLock { names in for port in ports { names[port.number] = port.name } }
        attempt { dropped throws(KernelError) in try dropped.set(ports) }
    }

    /// Takes what was dropped in a part of a window, before the part after it is closed.
    package func take(_ part: Window) {
        attempt { dropped throws(KernelError) in
            let new = try dropped.take(part.number)
            taken.withLock { $0 += new }
        }
    }

    /// Has the records of a window judged by what was dropped in it.
    package func complete(_ window: Window) {
        let drops = taken.withLock { taken in
            defer { taken = [] }
            return taken
        }
        history.note(drops, end: window.end)
    }

    package var report: DropReport {
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
