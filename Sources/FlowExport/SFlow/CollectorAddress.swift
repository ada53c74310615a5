// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Where an sFlow collector is: `udp://192.0.2.7:6343`, `udp://[2001:db8::7]`. It is an address and not a name, so that nothing waits for a
/// name server.
package struct CollectorAddress: Equatable, Sendable, CustomStringConvertible {
    /// Without brackets.
    package let host: String
    package let port: UInt16

    /// The port that IANA has given to sFlow.
    package static let usualPort: UInt16 = 6343
    private static let scheme = "udp://"

    /// nil where the text is anything else.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.scheme) else { return nil }
        let place = text.dropFirst(Self.scheme.count)
        let (host, rest): (Substring, Substring)
        if place.hasPrefix("[") {
            guard let end = place.firstIndex(of: "]") else { return nil }
            (host, rest) = (place[place.index(after: place.startIndex)..<end], place[place.index(after: end)...])
            guard IPAddress(host)?.version == .v6 else { return nil }
        } else {
            let end = place.firstIndex(of: ":") ?? place.endIndex
            (host, rest) = (place[..<end], place[end...])
            guard IPAddress(host)?.version == .v4 else { return nil }
        }
        guard let port = Self.port(rest) else { return nil }
        (self.host, self.port) = (String(host), port)
    }

    private static func port(_ text: Substring) -> UInt16? {
        if text.isEmpty { return usualPort }
        guard text.hasPrefix(":"), let port = UInt16(text.dropFirst()), port > 0 else { return nil }
        return port
    }

    package var description: String { Self.scheme + (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
}
