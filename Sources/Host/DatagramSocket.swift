// SPDX-License-Identifier: Apache-2.0

import CHost
package import FlowModel
import Glibc

/// Sends UDP datagrams to one address and port; closed when it is let go of.
package final class DatagramSocket: Sendable {
    private let descriptor: Descriptor
    private let name: String

    /// Opens a socket. Names are not resolved.
    ///
    /// - Parameter patience: no datagram waits longer for the kernel.
    package init(to address: String, port: UInt16, patience: Duration) throws(KernelError) {
        name = address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        let raw = unsafe weir_connect_udp(address, port, CInt(patience / .milliseconds(1)))
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot send to \(name)") }
        descriptor = Descriptor(owning: raw)
    }

    /// The address that its datagrams come from; nil where the kernel does not say.
    package var ownAddress: IPAddress? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let length = unsafe weir_own_address(descriptor.raw, &bytes)
        let words = bytes.prefix(max(0, Int(length))).map(UInt64.init)
        func number(_ part: ArraySlice<UInt64>) -> UInt64 { part.reduce(0) { $0 << 8 | $1 } }
        return switch words.count {
        case 4: IPAddress(v4: UInt32(number(words[...])))
        case 16: IPAddress(v6High: number(words[..<8]), low: number(words[8...]))
        default: nil
        }
    }

    /// send(2). When it returns, the kernel has the datagram. Where the other host has refused an earlier one, a later call throws
    /// that error, and sends its own datagram all the same.
    package func send(_ datagram: [UInt8]) throws(KernelError) {
        var error = attempt(datagram)
        // The answer to a datagram before this one.
        let refusal = error == ECONNREFUSED
        if refusal { error = attempt(datagram) }
        guard error == 0 else { throw KernelError(errno: error, "cannot send to \(name)") }
    }

    private func attempt(_ datagram: [UInt8]) -> CInt {
        unsafe datagram.withUnsafeBytes { bytes in
            let sent = unsafe Glibc.send(descriptor.raw, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
            return sent < 0 ? errno : 0
        }
    }
}
