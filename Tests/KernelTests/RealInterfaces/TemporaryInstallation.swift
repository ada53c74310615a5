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

    /// A second look at the tables, as a daemon takes it.
    func meter(interval: Duration, now: ClockAnchor = .now) throws -> FlowMeter<KernelFlowSource> {
        FlowMeter(
            source: try KernelFlowSource(tables: try FlowTables.open(in: directory, isWritable: true)),
            interval: interval, openWindow: installation.tables.control.window,
            opened: now, now: now)
    }
}
