// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Host
import WeirConfiguration

extension PolicyPlace {
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
