// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Where metrics are served: a TCP port of an address of this host.
package struct MetricsAddress: Equatable, Sendable, CustomStringConvertible {
    /// As inet_pton(3) takes it.
    package let host: String
    package let port: UInt16

    /// Reads a port, which is then one of the loopback address; or an address and a port: `127.0.0.1:9469`,
    /// `[::1]:9469`.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let last = parts.last, let port = UInt16(last), port > 0, last.allSatisfy(\.isNumber) else { return nil }
        let address = parts.dropLast().joined(separator: ":")
        let isBracketed = address.hasPrefix("[") && address.hasSuffix("]")
        let host = isBracketed ? String(address.dropFirst().dropLast()) : address
        self.port = port
        if parts.count == 1 {
            self.host = "127.0.0.1"
        } else {
            guard let parsed = IPAddress(host), (parsed.version == .v6) == isBracketed else { return nil }
            self.host = host
        }
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension ValueForm<MetricsAddress> {
    static var metricsAddress: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                try setting.read("a port, or a numeric address with one, such as 9469, 127.0.0.1:9469 or [::1]:9469") {
                    MetricsAddress($0)
                }
            }, write: { .text($0.description) })
    }
}
