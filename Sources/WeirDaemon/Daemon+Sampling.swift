// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowKernel
import FlowMeter
import FlowModel
import FlowRecorder
import HelperSupervision
import Host

extension Daemon {
    /// Hands `weir-export` the ring of samples, where there is one that it has not got.
    mutating func handRing() {
        guard let ring = (try? loop.meter.source.tables.sampleRing()) ?? nil, ring.id != handedRing else { return }
        handedRing = ring.id
        let size = ring.size
        exports.hand(ring: ring.takeDescriptor(), size: size)
    }
}

extension SamplingReport {
    /// What is sampled at the ports of these tables now.
    init(_ tables: borrowing FlowTables) {
        self.init()
        ports = ((try? tables.sampledPorts()) ?? []).map { port, counts in
            var sampled = SampledPort()
            (sampled.interface, sampled.number) = (port.name, Int(port.number.rawValue))
            (sampled.index, sampled.role) = (Int(port.interfaceIndex), port.role.name)
            (sampled.rate, sampled.pool) = (counts.rates.rate, counts.pool)
            (sampled.samples, sampled.lost) = (counts.samples, counts.lost)
            (sampled.discards, sampled.withheld) = (counts.discards, counts.withheld)
            return sampled
        }
    }
}
