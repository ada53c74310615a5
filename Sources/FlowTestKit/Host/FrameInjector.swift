// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Sends frames out of an interface as they are, like a machine behind the other end of a pair (packet(7)).
package final class FrameInjector: Sendable {
    private let socketDescriptor: Int32

    /// - Parameter isPastQdisc: whether frames are handed straight to the driver, as those of AF_XDP sockets are.
    package init(on interface: String, in namespace: NetworkNamespace, isPastQdisc: Bool = false) throws {
        let index = try namespace.index(of: interface)
        socketDescriptor = try namespace.inside { try Self.openSocket(on: index) }
        guard isPastQdisc else { return }
        var isOn: Int32 = 1
        let length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe setsockopt(socketDescriptor, Self.packetLevel, Self.qdiscBypass, &isOn, length) == 0 else {
            let failure = Failure(operation: "go past the qdisc", errno: errno)
            close(socketDescriptor)
            throw failure
        }
    }

    /// linux/socket.h: SOL_PACKET. linux/if_packet.h: PACKET_QDISC_BYPASS.
    private static let packetLevel: Int32 = 263
    private static let qdiscBypass: Int32 = 20

    deinit { close(socketDescriptor) }

    /// Sends one frame; it has been given to the other end of a pair when this returns.
    ///
    /// Linux refuses frames that are shorter than an Ethernet header or longer than the interface's MTU with it.
    package func send(_ frame: [UInt8]) throws {
        for attempt in 0..<Self.attempts {
            let sent = unsafe frame.withUnsafeBytes {
                unsafe Foundation.send(socketDescriptor, $0.baseAddress, $0.count, 0)
            }
            if sent == frame.count { return }
            // The other end of a pair has no room: the frame is gone, and nothing has seen it.
            guard errno == ENOBUFS, attempt + 1 < Self.attempts else { break }
            Thread.sleep(forTimeInterval: 0.002)
        }
        throw Failure(operation: "send \(frame.count) bytes", errno: errno)
    }

    private static let attempts = 500

    private static func openSocket(on index: Int) throws -> Int32 {
        // Of no protocol: it receives nothing.
        let descriptor = socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(operation: "open a packet socket", errno: errno) }
        let address = linkLayerAddress(of: index)
        let bound = unsafe address.withUnsafeBytes {
            unsafe bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
        }
        guard bound == 0 else {
            let failure = Failure(operation: "bind to interface \(index)", errno: errno)
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    /// A `struct sockaddr_ll` as little-endian hosts lay it out: family and protocol, interface index, what only
    /// receivers need.
    private static func linkLayerAddress(of index: Int) -> [UInt32] {
        [UInt32(AF_PACKET), UInt32(index), 0, 0, 0]
    }

    package struct Failure: Error, CustomStringConvertible {
        package let operation: String
        package let errno: Int32

        package var description: String { "cannot \(operation): errno \(errno)" }
    }
}
