// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
internal import Foundation

/// An installation in a directory of pins of its own. All of it goes away when its owner lets go of it.
final class TemporaryInstallation {
    let directory: PinDirectory
    let installation: Installation

    static let flowBudget = 4096

    init(_ request: TableRequest = TableRequest(flowBudget: flowBudget)) throws {
        directory = PinDirectory(base: "/sys/fs/bpf/weir-t-\(UUID().uuidString)")
        installation = try Installation.openOrCreate(directory, request)
    }

    deinit {
        for port in (try? installation.attachedPorts()) ?? [] { try? installation.detach(port) }
        try? installation.removeIfUnused()
    }

    func attach(
        _ name: String, in namespace: NetworkNamespace, _ options: AttachOptions = AttachOptions()
    ) throws -> RegisteredPort {
        try namespace.inside { try installation.attach(name, options) }
    }

    func detach(_ port: RegisteredPort) throws { try installation.detach(port) }

    func closeDeadPorts() throws -> [RegisteredPort] { try installation.closeDeadPorts() }

    func register(_ port: RegisteredPort) throws { try installation.tables.maps.add(port) }

    func removeIfUnused() throws { try installation.removeIfUnused() }

    func isAlive(_ port: RegisteredPort) -> Bool { installation.isAlive(port) }

    var attachedPorts: [RegisteredPort] {
        get throws { try installation.attachedPorts() }
    }

    /// Also those that are detached and only wait for their last drain.
    var registeredPorts: [RegisteredPort] {
        get throws { try installation.tables.maps.registeredPorts() }
    }

    /// All that is pinned, by path; the base directory itself is not.
    var pins: [String] {
        get throws {
            let listing = try ChildProcess.outcome(of: ["find", directory.base, "-mindepth", "3"])
            return listing.output.split(separator: "\n").map(String.init)
        }
    }

    /// The programs that pinned links hold, as bpftool has them.
    var programIDs: [String] {
        get throws {
            try pins.filter { $0.hasSuffix("/from") || $0.hasSuffix("/to") }.map { pin in
                let words = try ChildProcess.run(["bpftool", "link", "show", "pinned", pin]).split(separator: " ")
                guard let label = words.firstIndex(of: "prog") else { throw Unreadable(pin: pin) }
                return String(words[label + 1])
            }
        }
    }

    struct Unreadable: Error { let pin: String }

    /// A meter of the tables, as a daemon has one.
    func meter(interval: Duration, now: ClockAnchor = .now) throws -> FlowMeter<KernelFlowSource> {
        try meter(interval: interval, now: now, gracePeriod: GracePeriod())
    }

    func meter(
        interval: Duration, now: ClockAnchor = .now, gracePeriod: consuming GracePeriod
    ) throws -> FlowMeter<KernelFlowSource> {
        let tables = try FlowTables.open(in: directory, isWritable: true)
        let number = tables.control.window
        return FlowMeter(
            source: try KernelFlowSource(tables: tables, gracePeriod: gracePeriod), interval: interval,
            openWindow: number, opened: now, now: now)
    }
}
