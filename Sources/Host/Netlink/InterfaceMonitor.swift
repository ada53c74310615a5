// SPDX-License-Identifier: Apache-2.0

/// Follows the interfaces of the network namespace in which it was made: a list of all, then every change.
///
/// Where the kernel could not keep what happened (ENOBUFS), it begins anew with a list. Used from one thread at a time.
package struct InterfaceMonitor: ~Copyable {
    private var socket: InterfaceSocket
    private var feed = InterfaceFeed()
    private let room: Int
    /// How often something was lost, and a new list made up for it.
    package private(set) var losses = 0

    /// Some thousand messages.
    package static let usualRoom = 8 << 20

    /// Datagrams: the caller has other work, too.
    private static let mostAtATime = 1024

    /// Opens it and asks for the list.
    package init(room: Int = usualRoom) throws(KernelError) {
        socket = try Self.listeningSocket(room: room)
        self.room = room
    }

    private static func listeningSocket(room: Int) throws(KernelError) -> InterfaceSocket {
        let socket = try InterfaceSocket.open(room: room)
        try socket.requestList()
        return socket
    }

    /// Readable (poll(2)) while there is news.
    package var descriptor: CInt { socket.raw }

    /// What has come since the last call; empty where there is nothing. Does not block.
    ///
    /// A thread that calls it after something was lost must be in the namespace in which it was made.
    package mutating func news() throws(KernelError) -> [InterfaceFeed.News] {
        var news: [InterfaceFeed.News] = []
        for _ in 0..<Self.mostAtATime {
            switch try socket.receive() {
            case .nothing: return news
            case .lost: return try beginAnew()
            case .datagram(let bytes):
                do throws(InterfaceFeed.Broken) {
                    news += try feed.take(InterfaceMessages.read(bytes))
                } catch {
                    return try beginAnew()
                }
            }
        }
        return news
    }

    /// With another socket: the list may be asked for although one is on its way, and nothing of before comes after it.
    private mutating func beginAnew() throws(KernelError) -> [InterfaceFeed.News] {
        losses += 1
        socket = try Self.listeningSocket(room: room)
        feed = InterfaceFeed()
        return []
    }
}

extension Bell {
    /// Blocks until it is rung, the kernel has news of interfaces, or the time is over.
    package borrowing func wait(atMost duration: Duration, orFor monitor: borrowing InterfaceMonitor) {
        wait(atMost: duration, orForReadable: monitor.descriptor)
    }
}
