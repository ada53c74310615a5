// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import Host

/// Weir's table engines: all that there are are measured.
typealias Engine = FlowEngine

extension FlowEngine {
    /// The default.
    static let standard = FlowEngine.default

    /// Makes tables in which one port, whose packets all come on one CPU, has room for that many flows: as full as
    /// tables get before the meter is woken, seven tenths.
    func makeTables(roomFor flows: Int) throws(KernelError) -> FlowTables {
        switch self {
        case .line:
            let cpus = try TableRequest(engine: self, flowBudget: 1).geometry().cpus
            let request = TableRequest(engine: self, flowBudget: (flows * 27 / 20 + 64) * cpus, portShare: 1)
            return try FlowTables.create(try request.geometry())
        case .perCPUHash:
            return try FlowTables.create(try TableRequest(engine: self, flowBudget: flows, portShare: 1).geometry())
        }
    }

    /// Makes tables for that many flows in a window.
    func makeTables(budget flows: Int) throws(KernelError) -> FlowTables {
        try FlowTables.create(try TableRequest(engine: self, flowBudget: flows).geometry())
    }
}
