// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import FlowTestKit
import Foundation
import Host
import PortAttachment
import WeirConfiguration

/// A keeper of ports at work in a network namespace of its own, which has another one beside it.
///
/// Interfaces are pairs with both ends in the namespace; no pattern matches the second.
final class KeeperSite {
    let here: NetworkNamespace
    let there: NetworkNamespace
    let directory: PinDirectory
    private let configuration: Configuration
    private var pairs = 0

    /// Makes a site for the body, which runs inside its namespace, and takes it away afterwards, whatever happens.
    static func with(_ body: (KeeperSite) throws -> Void) throws {
        let site = try KeeperSite()
        defer { site.close() }
        try site.here.inside { try body(site) }
    }

    private init() throws {
        here = try NetworkNamespace("here")
        there = try NetworkNamespace("there")
        directory = PinDirectory(base: "/sys/fs/bpf/weir-t-\(UUID().uuidString)")
        var configuration = Configuration(flowLogID: "fl-test")
        configuration.tables.flowBudget = 4096
        configuration.ports = GlobPattern("tap?").map { [PortRule(pattern: $0)] } ?? []
        self.configuration = configuration
    }

    private func close() {
        for namespace in [here, there] { try? namespace.close() }
        if let installation = try? Installation.open(directory) {
            for port in (try? installation.attachedPorts()) ?? [] { try? installation.detach(port) }
            try? installation.removeIfUnused()
        }
    }

    /// A daemon's keeper, when it has attached what is there.
    func keeper(room: Int = InterfaceMonitor.usualRoom) throws -> PortKeeper {
        try directory.prepare()
        var keeper = try PortKeeper(
            installation: try Installation.openOrCreate(directory, configuration.tables),
            configuration: configuration, room: room)
        _ = try keeper.attachAll()
        return keeper
    }

    /// Makes a pair; its first end has that index, where one is given.
    func add(_ name: String, index: UInt32? = nil) throws {
        let index = index.map { "index \($0) " } ?? ""
        pairs += 1
        try here.ip("link add \(name) \(index)type veth peer name peer\(pairs)")
    }

    func delete(_ name: String) throws { try here.delete(name) }

    func rename(_ name: String, to new: String) throws { try here.ip("link set \(name) name \(new)") }

    /// Pinned links of ports.
    var pins: [String] {
        get throws {
            try ChildProcess.outcome(of: ["find", directory.base, "-mindepth", "4"]).output
                .split(separator: "\n").map(String.init).filter {
                    !$0.hasSuffix("/totals") && !$0.hasSuffix("/fragments")
                }
        }
    }
}
