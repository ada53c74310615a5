// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A directory that says what was written to it last: by the thread that follows its source.
package final class ListingBoard: InterfaceDirectory {
    private struct State {
        var listing: PortListing?
        var version = 0
        var listeners: [@Sendable () -> Void] = []
    }

    package let name: String
    private let state = Mutex(State())

    package init(_ name: String) { self.name = name }

    package var listing: PortListing? { state.withLock(\.listing) }

    package var version: Int { state.withLock(\.version) }

    package func onChange(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.listeners.append(body) } }

    /// The source says that now. Calls all that listen, on the calling thread.
    package func take(_ listing: PortListing) {
        let listeners = state.withLock { state in
            state.listing = listing
            state.version += 1
            return state.listeners
        }
        for listener in listeners { listener() }
    }
}
