// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import SystemPackage

/// A sink of the type `redis`.
package struct RedisSettings: Codable, Equatable, Sendable {
    package var address: RedisAddress
    /// The file that has the password, which is read anew for each connection.
    package var passwordFile: String?
    /// What all keys begin with.
    package var prefix = "weir"
    /// What this host is called in keys.
    package var host: String
    /// Whether the records of windows are delivered, too.
    package var takesRecords = false
    /// How many of them the server keeps, about.
    package var mostRecords = 100_000
    /// How long the server may take to answer, or to take what is sent.
    package var patienceSeconds = 5.0

    package init(_ address: RedisAddress, host: String) {
        self.address = address
        self.host = host
    }

    /// A key of this host. The braces keep all of a host's keys in one slot of a cluster.
    func key(_ name: String) -> String { "\(prefix):{\(host)}:\(name)" }

    /// The password; nil where there is none.
    func password() throws(RedisError) -> String? {
        guard let passwordFile else { return address.password }
        let bytes: [UInt8]
        do { bytes = try OperatorFile.read(FilePath(passwordFile), .anyFolder, limit: 4096) } catch {
            let reason = (error as? Errno)?.description ?? "\(error)"
            throw RedisError(
                .transport, address,
                "the password cannot be read from \(passwordFile): \(reason.prefix(1).lowercased() + reason.dropFirst())",
                "let the user of weir-export read it")
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard let text = String(validating: line, as: UTF8.self), !text.isEmpty else {
            throw RedisError(
                .transport, address, "the first line of \(passwordFile) is no password", "write the password into it")
        }
        return text
    }
}
