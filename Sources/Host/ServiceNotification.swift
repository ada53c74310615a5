// SPDX-License-Identifier: Apache-2.0

import CHost
package import FlowModel

/// The line to the service manager that started this process (sd_notify(3)).
package struct ServiceNotification: Sendable {
    /// What the manager can be told.
    package enum State: Equatable, Sendable {
        /// Start-up is over: everything asked for is measured.
        case ready
        /// The end has begun.
        case stopping
        /// The meter is at work: to be said more often than `WatchdogSec=` allows for.
        case alive
        /// Start-up goes on, and takes no longer than that before the next such word (`TimeoutStartSec=`).
        case startsWithin(Duration)
        /// The configuration is being read again, from that moment until `ready`.
        case reloading(MonotonicTime)
        /// One line for people, shown by `systemctl status`.
        case status(String)
    }

    private let socket: String
    /// Whether the manager ends what does not say that it is alive (sd_watchdog_enabled(3)).
    package let isWatched: Bool

    /// nil if no manager listens: `NOTIFY_SOCKET` is not set.
    package init?(environment: [String: String]) {
        guard let socket = environment["NOTIFY_SOCKET"], !socket.isEmpty else { return nil }
        self.socket = socket
        isWatched = environment["WATCHDOG_USEC"].flatMap { UInt64($0) } ?? 0 > 0
    }

    /// Sends all states as one message. Never blocks.
    ///
    /// A failure is no reason to stop: the caller logs it and goes on.
    package func send(_ states: State...) throws(KernelError) {
        let message = states.map(\.line).joined(separator: "\n")
        let result = unsafe weir_notify(socket, message)
        guard result == 0 else { throw KernelError(errno: result, "cannot tell the service manager at \(socket)") }
    }
}

extension ServiceNotification.State {
    fileprivate var line: String {
        switch self {
        case .ready: "READY=1"
        case .stopping: "STOPPING=1"
        case .alive: "WATCHDOG=1"
        case .startsWithin(let time): "EXTEND_TIMEOUT_USEC=\(time.wholeNanoseconds / 1000)"
        case .reloading(let moment): "RELOADING=1\nMONOTONIC_USEC=\(moment.nanoseconds / 1000)"
        case .status(let text): "STATUS=" + text.split(whereSeparator: \.isNewline).joined(separator: " ")
        }
    }
}
