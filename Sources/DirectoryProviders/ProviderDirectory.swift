// SPDX-License-Identifier: Apache-2.0

package import FlowModel
package import HostMonitor
package import Logging
package import PortDirectory
import Synchronization

/// All providers of the configuration as one directory. Precedence is their order, for each fact by itself.
///
/// Used from any thread.
package final class ProviderDirectory: InterfaceDirectory {
    private let providers = Mutex<[Provider]>([])
    private let board = ListingBoard("providers")
    private let logger: Logger

    package init(logger: Logger) {
        self.logger = logger
        board.take([:])
    }

    /// Empty where there is none.
    package var name: String { providers.withLock { $0.map(\.choice.name) }.joined(separator: " or ") }
    package var listing: PortListing? { board.listing }
    package var version: Int { board.version }
    package func onChange(_ body: @escaping @Sendable () -> Void) { board.onChange(body) }

    /// How they stand, in their order.
    package var reports: [ProviderReport] { providers.withLock { $0.map(\.status) } }

    /// What they say of machines: where two tell of the same one, the first.
    package func machines(now: ClockAnchor, staleAfter: Duration) -> MonitorBoard.Machines {
        var all = MonitorBoard.Machines()
        var known: Set<String> = []
        for provider in providers.withLock(\.self) {
            let machines = provider.machines(now: now, staleAfter: staleAfter)
            all.reports += machines.reports.filter { known.insert($0.instanceID).inserted }
            all.failure = all.failure ?? machines.failure
        }
        return all
    }

    /// Goes on with these: those that are there already, and have not changed, go on as they are; others are started, and those that are not
    /// there any more are ended, and what they said is forgotten. Does not wait for any of them.
    package func configure(_ choices: [ProviderChoice]) {
        let (new, gone) = providers.withLock { providers in
            let old = providers
            providers = choices.map { choice in
                old.first { $0.choice == choice }
                    ?? Provider(choice, logger: logger) { [weak self] in self?.publish() }
            }
            let current = providers
            return (
                current.filter { provider in !old.contains { $0 === provider } },
                old.filter { provider in !current.contains { $0 === provider } }
            )
        }
        for provider in gone { provider.end() }
        for provider in new { provider.start() }
        if !new.isEmpty || !gone.isEmpty { publish() }
    }

    /// Ends all of them; blocks until they are gone, which takes some seconds at most.
    package func end() {
        let all = providers.withLock { providers in
            defer { providers = [] }
            return providers
        }
        for provider in all { provider.end() }
        for provider in all { provider.waitForEnd() }
    }

    private func publish() {
        // Under the lock, so that no listing replaces a later one.
        providers.withLock { board.take(PortListing(merging: $0.map(\.listing))) }
    }
}
