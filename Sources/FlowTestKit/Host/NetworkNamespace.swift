// SPDX-License-Identifier: Apache-2.0

internal import CHost
internal import Foundation
internal import Synchronization

/// A network namespace of a test's own, with nothing in it but a loopback interface that is up.
///
/// IPv6 is told to send little unasked: no duplicate address detection, no router solicitations, no link-local
/// addresses but those that a test adds. What is left are MLD reports for an interface's addresses, which nothing
/// switches off; `addSilentAddress` does without them. It goes away, with all its interfaces, when its owner lets go of it.
package final class NetworkNamespace: Sendable {
    package let name: String
    /// What `setns` and `nsenter` are given.
    package var path: String { "/run/netns/\(name)" }
    private let isOpen = Mutex(true)

    private static let numbers = Atomic<Int>(0)

    package init(_ label: String = "") throws {
        let number = Self.numbers.wrappingAdd(1, ordering: .relaxed).newValue
        name = "weir-t\(ProcessInfo.processInfo.processIdentifier)-\(number)\(label.isEmpty ? "" : "-" + label)"
        try ChildProcess.run(["ip", "netns", "add", name])
        try quieten()
    }

    deinit { try? close() }

    /// Removes the namespace; once is enough.
    package func close() throws {
        let wasOpen = isOpen.withLock { open in
            defer { open = false }
            return open
        }
        if wasOpen { try ChildProcess.run(["ip", "netns", "delete", name]) }
    }

    private func quieten() throws {
        var settings: [String: String] = [:]
        for interfaces in ["all", "default"] {
            for (name, value) in Self.quietIPv6 { settings["net/ipv6/conf/\(interfaces)/\(name)"] = value }
        }
        try set(settings)
        try ip("link set lo up")
    }

    private static let quietIPv6 = [
        "accept_dad": "0", "dad_transmits": "0", "router_solicitations": "0", "accept_ra": "0", "autoconf": "0",
        "addr_gen_mode": "1", "use_tempaddr": "0",
    ]

    /// Sets sysctls, named as under /proc/sys.
    package func set(_ settings: [String: String]) throws {
        let writes = settings.map { "echo \($1) > /proc/sys/\($0)" }.sorted().joined(separator: " && ")
        try run(["sh", "-c", writes])
    }
}

extension NetworkNamespace {
    /// The command as it is run from outside; not by `ip netns exec`, which hides bpffs.
    private func entered(_ command: [String]) -> [String] { ["nsenter", "--net=\(path)"] + command }

    /// Runs a program inside to its end; throws where it fails.
    @discardableResult
    package func run(_ command: [String], within limit: Duration = .seconds(30)) throws -> String {
        try ChildProcess.run(entered(command), within: limit)
    }

    /// Runs a program inside to its end, whatever its status is.
    package func outcome(of command: [String], within limit: Duration = .seconds(30)) throws -> ChildProcess.Result {
        try ChildProcess.outcome(of: entered(command), within: limit)
    }

    /// Starts a program inside; its process id is the program's own.
    package func start(_ command: [String], environment: [String: String] = [:]) throws -> ChildProcess {
        try ChildProcess(entered(command), environment: environment)
    }

    /// Runs `ip` with arguments that are separated by single spaces.
    @discardableResult
    package func ip(_ arguments: String) throws -> String {
        try run(["ip"] + arguments.split(separator: " ").map(String.init))
    }

    /// Runs the body with the calling thread inside the namespace, and what it opens or starts.
    ///
    /// The thread comes back before this returns; traps where it cannot. Only for bodies that stay on the thread.
    package func inside<Value: ~Copyable>(_ body: () throws -> Value) throws -> Value {
        let home = try FileHandle(forReadingFrom: URL(filePath: "/proc/thread-self/ns/net"))
        let there = try FileHandle(forReadingFrom: URL(filePath: path))
        try Self.enter(there, named: name)
        defer {
            let back = weir_enter_network_namespace(home.fileDescriptor)
            precondition(back == 0, "the thread cannot leave \(name): errno \(-back)")
        }
        return try body()
    }

    private static func enter(_ file: FileHandle, named name: String) throws {
        let result = weir_enter_network_namespace(file.fileDescriptor)
        guard result == 0 else { throw EntryFailure(namespace: name, errno: -result) }
    }

    package struct EntryFailure: Error, CustomStringConvertible {
        package let namespace: String
        package let errno: Int32

        package var description: String {
            "cannot enter network namespace \(namespace): errno \(errno); root is needed"
        }
    }

    /// Network namespaces that a run of this process has left behind: none, where every test cleans up.
    package static func leftovers() throws -> [String] {
        let folder = URL(filePath: "/run/netns")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return names.filter { $0.hasPrefix("weir-t\(ProcessInfo.processInfo.processIdentifier)-") }.sorted()
    }
}
