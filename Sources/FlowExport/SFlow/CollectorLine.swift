// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host

/// The way to one collector. A datagram that the kernel does not take is not sent again.
struct CollectorLine {
    private let address: CollectorAddress
    private var socket: DatagramSocket?

    /// What the last datagram failed with; nil while the kernel takes them.
    private(set) var failure: KernelError?
    private(set) var datagrams: UInt64 = 0
    private(set) var bytes: UInt64 = 0
    private(set) var dropped: UInt64 = 0

    /// How long a datagram waits for room in the kernel.
    private static let patience = Duration.milliseconds(100)

    init(_ address: CollectorAddress) { self.address = address }

    /// The address that datagrams go out from; nil while there is no way to the collector.
    mutating func ownAddress() -> IPAddress? {
        open()
        return socket?.ownAddress
    }

    /// Sends all of them, or as many as the kernel takes.
    mutating func send(_ all: [[UInt8]]) {
        open()
        guard let socket else {
            dropped += UInt64(all.count)
            return
        }
        failure = nil
        for datagram in all {
            do throws(KernelError) {
                try socket.send(datagram)
                datagrams += 1
                bytes += UInt64(datagram.count)
            } catch {
                dropped += 1
                failure = error
            }
        }
        // The route may have changed, and with it the address that is ours.
        if failure != nil { self.socket = nil }
    }

    private mutating func open() {
        guard socket == nil else { return }
        do throws(KernelError) {
            socket = try DatagramSocket(to: address.host, port: address.port, patience: Self.patience)
        } catch { failure = error }
    }
}
