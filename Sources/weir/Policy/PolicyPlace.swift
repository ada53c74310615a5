// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import Foundation
import Host
import WeirDaemon

/// Where the pins are, and what was loaded.
struct PolicyPlace: ParsableArguments {
    @Option(help: "Directory in bpffs under which everything is pinned (WEIR_BPFFS).", completion: .directory)
    var bpffs: String?

    @Option(help: "Directory for the daemon's state (WEIR_STATE_DIR).", completion: .directory)
    var stateDir: String?

    /// What flags, environment and the configuration file say of the places, and of the ports' tags.
    func configuration() throws -> Configuration {
        var flags = ConfigurationLayer()
        if let bpffs { try flags.set(.bpffs, flag: bpffs) }
        if let stateDir { try flags.set(.stateDirectory, flag: stateDir) }
        return try Configuration.load(
            flags: flags, configFile: nil, environment: ProcessInfo.processInfo.environment)
    }

    /// What is attached.
    func installation(_ configuration: Configuration, to purpose: String) throws -> Installation {
        try Capability.require(for: purpose)
        guard let installation = try Installation.open(PinDirectory(base: configuration.bpffs)) else {
            throw KernelError(
                .notFound, "cannot \(purpose)", cause: "no port is attached under \(configuration.bpffs)",
                remedy: "attach ports first: weir attach, or weir run")
        }
        return installation
    }
}
