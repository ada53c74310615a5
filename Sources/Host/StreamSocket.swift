// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// Owns one end of a stream that others connected, or that we did; closed when it is let go of.
package final class StreamSocket: Sendable {
    package let descriptor: Descriptor

    package init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Connects to the socket at a path. No call on it blocks for longer than the patience.
    package static func connect(to path: String, patience: Duration) throws(KernelError) -> StreamSocket {
        let raw = unsafe weir_connect_to_path(path, CInt(patience / .milliseconds(1)))
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot ask the daemon on \(path)") }
        return StreamSocket(Descriptor(owning: raw))
    }

    /// Connects to a TCP port of a numeric address. No call on it blocks for longer than the patience.
    package static func connect(
        to address: String, port: UInt16, patience: Duration
    ) throws(KernelError) -> StreamSocket {
        let raw = unsafe weir_connect_to_tcp(address, port, CInt(patience / .milliseconds(1)))
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot connect to port \(port) of \(address)") }
        return StreamSocket(Descriptor(owning: raw))
    }

    /// What became of a transfer.
    package enum Transfer: Equatable, Sendable {
        case bytes(Int)
        /// Nothing is there, or there is no room, for now.
        case notNow
        /// The other end is gone, or says no more.
        case ended
    }

    /// recv(2), once, appended to the bytes.
    package func receive(atMost count: Int, into bytes: inout [UInt8]) -> Transfer {
        var outcome = Transfer.ended
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
            let got = unsafe recv(descriptor.raw, buffer.baseAddress, count, 0)
            outcome = Self.outcome(of: got)
            length = max(got, 0)
        }
        bytes += chunk
        return outcome
    }

    /// send(2), once, of the bytes from there on. Never a signal.
    package func send(_ bytes: [UInt8], from start: Int) -> Transfer {
        unsafe bytes.withUnsafeBytes { buffer in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[start...])
            return Self.outcome(
                of: unsafe Glibc.send(descriptor.raw, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL)))
        }
    }

    /// Says that nothing more will be sent.
    package func finishSending() { _ = shutdown(descriptor.raw, CInt(SHUT_WR)) }

    private static func outcome(of count: Int) -> Transfer {
        if count > 0 { return .bytes(count) }
        let isInterrupted = count < 0 && (errno == EAGAIN || errno == EINTR)
        return isInterrupted ? .notNow : .ended
    }
}

extension StreamSocket {
    /// The process that connected to a socket at a path, as the kernel noted it then; nil where it does not say.
    package var peer: SocketPeer? {
        var peer = weir_peer()
        guard unsafe weir_peer_of(descriptor.raw, &peer) == 0 else { return nil }
        var groups = [UInt32](repeating: 0, count: Self.mostGroups)
        let count = unsafe weir_peer_groups(descriptor.raw, &groups, groups.count)
        return SocketPeer(
            user: peer.uid, groups: Set([peer.gid] + groups.prefix(max(0, Int(count)))), process: peer.pid)
    }

    /// NGROUPS_MAX of limits.h.
    private static var mostGroups: Int { 65_536 }
}
