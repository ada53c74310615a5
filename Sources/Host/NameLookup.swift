// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc
import Synchronization

/// Asks for the addresses of hosts' names (getaddrinfo(3)) on a thread, so that name servers that do not answer hold the caller up for no
/// longer than it wants. One name at a time is asked for.
package final class NameLookup: Sendable {
    /// What it reads: a process that is confined must be let.
    package static let files = [
        "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
    ]
    /// Where name servers are asked by TCP, if an answer is long.
    package static let port: UInt16 = 53

    private struct Question {
        let name: String
        let thread: HostThread<[String]>
    }

    /// Of a caller that did not wait for the answer.
    private let open = Mutex<Question?>(nil)

    package init() {}

    /// The addresses of a name, in the order in which they are to be tried; a numeric address is its own.
    ///
    /// - Parameter patience: blocks for that long at most. A later call waits for the same answer.
    package func addresses(of name: String, within patience: Duration) throws(KernelError) -> [String] {
        let failure = "cannot find the address of \(name)"
        let question = open.withLock { open -> Question in
            if let open, open.name == name { return open }
            let thread = HostThread(named: "name-lookup") { try Self.addresses(of: name, failure) }
            open = Question(name: name, thread: thread)
            return Question(name: name, thread: thread)
        }
        guard question.thread.hasEnded(within: patience) else {
            throw KernelError(
                .system(ETIMEDOUT), failure, cause: "no name server has answered for \(Int(patience / .seconds(1))) s",
                remedy: "check /etc/resolv.conf, or name the host by its address")
        }
        open.withLock { $0 = nil }
        do { return try question.thread.wait() } catch let error as KernelError {
            throw error
        } catch {
            throw KernelError(.notFound, failure, cause: "\(error)")
        }
    }

    private static func addresses(of name: String, _ failure: String) throws -> [String] {
        var text = [CChar](repeating: 0, count: 1024)
        let code = unsafe weir_addresses_of(name, &text, text.count)
        guard code == 0 else {
            let cause = unsafe String(cString: gai_strerror(code))
            throw KernelError(
                .notFound, failure, cause: cause.prefix(1).lowercased() + cause.dropFirst(),
                remedy: "check the name, or name the host by its address")
        }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        var addresses: [String] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let address = String(decoding: line, as: UTF8.self)
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }
}
