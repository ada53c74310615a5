// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
internal import Foundation
import Host

/// An installation in a directory of pins of its own. All of it goes away when its owner lets go of it.
final class TemporaryInstallation {
    let directory: PinDirectory
    private(set) var installation: Installation

    static let flowBudget = 4096

    /// Where ports were attached: what has no link is looked at and taken away from there.
    private var namespaces: [PortNumber: NetworkNamespace] = [:]

    init(_ request: TableRequest = TableRequest(flowBudget: flowBudget)) throws {
        directory = PinDirectory(base: "/sys/fs/bpf/weir-t-\(UUID().uuidString)")
        installation = try Installation.openOrCreate(directory, request)
    }

    deinit {
        for port in (try? installation.attachedPorts()) ?? [] { try? detach(port) }
        try? installation.removeIfUnused()
    }

    func attach(
        _ name: String, in namespace: NetworkNamespace, _ options: AttachOptions = AttachOptions()
    ) throws -> RegisteredPort {
        let port = try namespace.inside { try installation.attach(name, options) }
        namespaces[port.number] = namespace
        return port
    }

    /// Does what a daemon does every few seconds.
    ///
    /// - Parameter namespace: in which the daemon's ports are.
    func review(_ inspection: PortInspection, in namespace: NetworkNamespace) throws -> PortReview {
        try namespace.inside {
            _ = try installation.pinAgain()
            return try installation.review(inspection)
        }
    }

    func detach(_ port: RegisteredPort) throws { try inNamespace(of: port) { try installation.detach(port) } }

    private func inNamespace<Value>(of port: RegisteredPort, _ body: () throws -> Value) throws -> Value {
        guard let namespace = namespaces[port.number] else { return try body() }
        return try namespace.inside(body)
    }

    func register(_ port: RegisteredPort) throws {
        try installation.tables.maps.add(port)
        try installation.tables.maps.publish([port])
    }

    func removeIfUnused() throws { try installation.removeIfUnused() }

    func isAlive(_ port: RegisteredPort) throws -> Bool { try inNamespace(of: port) { installation.isAlive(port) } }

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

    /// The programs of a port, as bpftool has them: those that pinned links hold, and those that it lists of the interface.
    func programIDs(of port: RegisteredPort) throws -> Set<String> {
        let links = ["from", "to"].map { "/\(port.number.rawValue)/\($0)" }
        let held = try pins.filter { pin in links.contains { pin.hasSuffix($0) } }.map { pin in
            let words = try ChildProcess.run(["bpftool", "link", "show", "pinned", pin]).split(separator: " ")
            guard let label = words.firstIndex(of: "prog") else { throw Unreadable(pin: pin) }
            return String(words[label + 1])
        }
        let listed = try inNamespace(of: port) { try ChildProcess.run(["bpftool", "net", "show", "dev", port.name]) }
        return Set(held).union(listed.matches(of: /\bid (\d+)/).map { String($0.1) })
    }

    struct Unreadable: Error { let pin: String }

    /// A meter of the tables, as a daemon has one.
    func meter(interval: Duration, now: ClockAnchor = .now) throws -> FlowMeter<KernelFlowSource> {
        try meter(interval: interval, now: now, gracePeriod: GracePeriod())
    }

    func meter(
        interval: Duration, now: ClockAnchor = .now, gracePeriod: consuming GracePeriod
    ) throws -> FlowMeter<KernelFlowSource> {
        let tables = try FlowTables.open(in: directory, rights: .readWrite)
        let number = tables.control.window
        return FlowMeter(
            source: try KernelFlowSource(tables: tables, gracePeriod: gracePeriod), interval: interval,
            openWindow: number, opened: now, now: now)
    }
}
