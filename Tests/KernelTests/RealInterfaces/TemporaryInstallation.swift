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

    init(flowBudget: Int = 4096) throws {
        directory = PinDirectory(base: "/sys/fs/bpf/weir-t-\(UUID().uuidString)")
        installation = try Installation.openOrCreate(directory, flowBudget: flowBudget)
    }

    deinit { Self.remove(directory) }

    private static func remove(_ directory: PinDirectory) {
        guard let installation = try? Installation.open(directory) else { return }
        for port in (try? installation.attachedPorts()) ?? [] { try? installation.detach(port) }
        try? installation.removeIfUnused()
    }

    func attach(
        _ name: String, in namespace: NetworkNamespace, _ options: AttachOptions = AttachOptions()
    ) throws -> RegisteredPort {
        try namespace.inside { try installation.attach(name, options) }
    }

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
            source: KernelFlowSource(tables: tables, gracePeriod: gracePeriod), interval: interval,
            openWindow: number, opened: now, now: now)
    }
}
