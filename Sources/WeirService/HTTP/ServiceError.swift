// SPDX-License-Identifier: Apache-2.0

import Host

/// Why a daemon's socket cannot be asked, in one sentence.
package struct ServiceError: Error, Equatable, CustomStringConvertible {
    package let description: String

    /// What the server says; nil where it says nothing.
    static func said(_ body: [UInt8]) -> ServiceError? {
        let sentence = String(decoding: body.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return sentence.isEmpty ? nil : ServiceError(description: sentence)
    }

    /// The user of the client is not one that the socket is for.
    static func forbidden(_ path: String) -> ServiceError {
        let group = SocketPeer.group(of: path).map { "group \(SocketPeer.name(ofGroup: $0))" } ?? "its group"
        return ServiceError(
            description:
                "cannot ask the daemon on \(path): it answers only root, its own user and members of the \(group); run as one"
        )
    }
}
