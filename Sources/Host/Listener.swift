// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// Owns a socket that others connect to.
package final class Listener: Sendable {
    package let descriptor: Descriptor

    private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Connections that the kernel keeps until they are accepted; more are refused, or wait.
    private static let backlog: CInt = 64

    /// Listens at a path where nothing is, mode 0660. Whoever owns it removes the file.
    package static func onPath(_ path: String) throws(KernelError) -> Listener {
        let raw = unsafe weir_listen_on_path(path, backlog)
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot listen on \(path)") }
        return Listener(Descriptor(owning: raw))
    }

    /// Listens on a TCP port of a numeric address; port 0 is any free one.
    package static func onTCP(_ address: String, port: UInt16) throws(KernelError) -> Listener {
        let raw = unsafe weir_listen_on_tcp(address, port, backlog)
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot listen on port \(port) of \(address)") }
        return Listener(Descriptor(owning: raw))
    }

    /// The TCP port that it is.
    package var port: UInt16 { UInt16(max(0, weir_listening_port(descriptor.raw))) }

    /// What came of a look for connections.
    package enum Acceptance: Sendable {
        case connection(StreamSocket)
        case nobody
        /// The process or the machine is short of something; the connection is still there.
        case notNow
    }

    /// Takes one connection that waits. Never blocks.
    package func accept() -> Acceptance {
        let raw = weir_accept(descriptor.raw)
        guard raw < 0 else { return .connection(StreamSocket(Descriptor(owning: raw))) }
        switch -raw {
        case EAGAIN, EINTR, ECONNABORTED: return .nobody
        default: return .notNow
        }
    }
}
