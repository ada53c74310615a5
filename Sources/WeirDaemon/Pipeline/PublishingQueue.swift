// SPDX-License-Identifier: Apache-2.0

import Dispatch
import FlowExport
import FlowMeter
import FlowModel
import Synchronization

/// Publishes windows one after the other on a thread of its own, so that the meter is free for the next swap.
///
/// Called from the meter's thread; nothing but `close` waits for the disk.
final class PublishingQueue: Sendable {
    /// What a sink has said when it was asked last.
    struct Status: Sendable {
        var counts = ExportCounts()
        var failure: String?
        var hasReaders = true
    }

    /// A window that is published, handed back.
    struct Published: Sendable {
        let window: ClosedWindow
        let records: Int
    }

    private struct State: Sendable {
        var status: Status
        var published: [Published] = []
        var bell: StopSignal?
    }

    private let publisher: Mutex<Publisher>
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "weir.publisher")

    init(_ publisher: sending Publisher) {
        state = Mutex(State(status: Status(publisher)))
        self.publisher = Mutex(publisher)
    }

    var status: Status { state.withLock(\.status) }

    /// Says what to ring from now on when a window is published.
    func ring(_ bell: StopSignal) { state.withLock { $0.bell = bell } }

    /// Begins to publish a window. It comes back, the only copy of it, by `takePublished`.
    func publish(_ closed: consuming ClosedWindow, ports: [PortNumber: Port]) {
        let parcel = Parcel(closed)
        queue.async { [self] in
            guard let window = parcel.take() else { return }
            let (records, status) = publisher.withLock { publisher in
                (publisher.publish(window, ports: ports), Status(publisher))
            }
            state.withLock { state in
                state.status = status
                state.published.append(Published(window: window, records: records))
                state.bell?.nudge()
            }
        }
    }

    /// Windows that were published since the last call, in their order.
    func takePublished() -> [Published] {
        state.withLock { state in
            defer { state.published = [] }
            return state.published
        }
    }

    /// Looks after files that are due although no window comes.
    func publishDue(now: UnixTime) {
        queue.async { [self] in
            let status = publisher.withLock { publisher in
                publisher.publishDue(now: now)
                return Status(publisher)
            }
            state.withLock { $0.status = status }
        }
    }

    /// Publishes all that is open; blocks until everything handed over before is published, too.
    func close() {
        queue.sync {
            let status = publisher.withLock { publisher in
                publisher.close()
                return Status(publisher)
            }
            state.withLock { $0.status = status }
        }
    }
}

extension PublishingQueue.Status {
    fileprivate init(_ publisher: Publisher) {
        counts = publisher.counts
        failure = publisher.failure
        hasReaders = publisher.hasReaders
    }
}

/// Hands a window over to a job without leaving a copy of it with the job.
private final class Parcel: Sendable {
    private let window: Mutex<ClosedWindow?>

    init(_ window: consuming ClosedWindow) { self.window = Mutex(window) }

    func take() -> ClosedWindow? { window.withLock { $0.take() } }
}
