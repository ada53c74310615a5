// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A wait for sockets and for a bell (poll(2)).
package struct SocketWait {
    private var places: [pollfd]

    package init(bell: borrowing Bell) {
        places = [pollfd(fd: bell.rawDescriptor, events: Int16(POLLIN), revents: 0)]
    }

    /// Waits for connections, too. What is added is asked for by the number that this returns.
    package mutating func add(_ listener: Listener) -> Int { add(listener.descriptor.raw, POLLIN) }

    /// Waits for something to receive, or for room to send, too.
    package mutating func add(_ socket: StreamSocket, isSending: Bool) -> Int {
        add(socket.descriptor.raw, isSending ? POLLOUT : POLLIN)
    }

    private mutating func add(_ raw: CInt, _ events: CInt) -> Int {
        places.append(pollfd(fd: raw, events: Int16(events), revents: 0))
        return places.count - 1
    }

    /// Blocks until something is ready or the time is over.
    package mutating func wait(atMost duration: Duration) {
        let milliseconds = max(0, min(duration / .milliseconds(1), 3_600_000)).rounded(.up)
        _ = unsafe poll(&places, nfds_t(places.count), CInt(milliseconds))
    }

    /// Whether what was added under that number is ready, or has failed; 0 is the bell.
    package func isReady(_ number: Int) -> Bool { places[number].revents != 0 }
}
