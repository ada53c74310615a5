// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Host
import Logging
import Synchronization

/// Tells the service manager what the daemon does. Logs once that the service manager does not listen, until it listens again.
final class ServiceManager: Sendable {
    private let notification: ServiceNotification
    private let logger: Logger
    private let isFailing = Atomic(false)

    /// nil where none listens.
    init?(environment: [String: String], logger: Logger) {
        guard let notification = ServiceNotification(environment: environment) else { return nil }
        self.notification = notification
        self.logger = logger
    }

    /// Whether the manager ends what does not say that it is alive.
    var isWatched: Bool { notification.isWatched }

    func tell(_ states: ServiceNotification.State...) {
        do {
            for state in states { try notification.send(state) }
            guard isFailing.exchange(false, ordering: .relaxed) else { return }
            logger.notice("the service manager listens again")
        } catch {
            let isKnown = isFailing.exchange(true, ordering: .relaxed)
            if !isKnown { logger.warning("\(error); measuring goes on") }
        }
    }
}
