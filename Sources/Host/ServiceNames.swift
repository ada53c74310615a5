// SPDX-License-Identifier: Apache-2.0

/// The ports of well-known services, as the host names them (services(5)).
package struct ServiceNames: Sendable {
    private var ports: [String: UInt16] = [:]
    /// By the protocol's name, then by the port.
    private var names: [Substring: [UInt16: String]] = [:]

    /// Reads the format of services(5). Lines that do not have it are passed over; of equal names the first counts, and of several names of
    /// a port the first.
    package init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2 else { continue }
            let place = words[1].split(separator: "/")
            guard let port = place.first.flatMap({ UInt16($0) }) else { continue }
            for name in [words[0]] + words.dropFirst(2) where ports[String(name)] == nil { ports[String(name)] = port }
            if place.count == 2, names[place[1]]?[port] == nil {
                names[place[1], default: [:]][port] = String(words[0])
            }
        }
    }

    /// Those of /etc/services; none where it cannot be read.
    package static func read() -> ServiceNames { ServiceNames((try? ProcFile.read("/etc/services")) ?? "") }

    /// The port of a service or one of its aliases.
    package func port(of name: String) -> UInt16? { ports[name] }

    /// The service of a port.
    ///
    /// - Parameter transport: the protocol's name, such as `tcp`.
    package func name(of port: UInt16, _ transport: String) -> String? { names[Substring(transport)]?[port] }
}
