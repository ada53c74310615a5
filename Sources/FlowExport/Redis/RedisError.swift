// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Why something did not get to a Redis server, in one sentence with what to do about it.
package struct RedisError: Error, Equatable, CustomStringConvertible {
    enum Kind: Equatable {
        /// The connection is of no use any more.
        case transport
        /// The server has answered, and does not do what it was asked for.
        case refusal
    }

    let kind: Kind
    package let description: String

    init(_ kind: Kind, _ address: RedisAddress, _ cause: String, _ remedy: String) {
        self.kind = kind
        description = "cannot deliver to \(address): \(cause); \(remedy)"
    }

    /// - Parameter message: the server's own, from anybody.
    init(refusal message: String, by address: RedisAddress) {
        let text = PrintableText.of(String(message.prefix(200)))
        self.init(.refusal, address, "the server says \"\(text)\"", Self.remedy(message))
    }

    private static func remedy(_ message: String) -> String {
        switch message.prefix(while: { $0 != " " }) {
        case "WRONGPASS", "NOAUTH": return "check the user and the password"
        case "NOPERM": return "allow the user the commands and keys that docs/redis.md lists"
        case "OOM": return "raise its maxmemory, or lower max-length"
        case "READONLY": return "name the primary server, not a replica"
        case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN":
            return "name a server that is not part of a cluster, or a proxy before the cluster"
        case "LOADING", "BUSY": return "wait until it is ready"
        case "MISCONF": return "see the server's log: it cannot write to its disk"
        case "WRONGTYPE": return "something else has that key: choose another prefix"
        default: break
        }
        if message.contains("DB index") { return "choose a database that the server has" }
        if message.contains("password") { return "check the user and the password" }
        if message.contains("unknown command") {
            return "Weir needs Redis 6 or later, or a server that speaks as it does"
        }
        return "see the server's log and its configuration"
    }
}
