// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowKernel
import FlowModel
import Host
import WeirConfiguration

extension PortKeeper {
    /// Has the ports sampled that sinks of the configuration want sampled.
    ///
    /// - Returns: why some are not; nil while that is what it was the last time.
    mutating func sample() -> KernelError? {
        var failure: KernelError?
        do throws(KernelError) {
            var wanted: [PortNumber: SamplingRates] = [:]
            for port in try installation.attachedPorts() {
                guard let sampling = configuration.sampling(ofPort: port.name) else { continue }
                wanted[port.number] = SamplingRates(rate: sampling.rate, discards: sampling.discards)
            }
            try installation.setSampling(wanted)
        } catch {
            failure = error
        }
        defer { unsampled = failure }
        return failure == unsampled ? nil : failure
    }
}
